import type { JobRequest } from 'humdrum';
import { NEVER, type ChaosInput } from './jobs.ts';

/** How many jobs of a hundred are of each kind. Children and ticks come by themselves, and `unique` on its own way. */
const MIX: readonly (readonly [type: string, weight: number])[] = [
  ['plain', 25],
  ['steps', 12],
  ['flaky', 12],
  ['doomed', 4],
  ['hangs', 4],
  ['slow', 6],
  ['emits', 12],
  ['parent', 8],
  ['limited', 4],
  ['rated', 3],
  ['keyed', 4],
  ['turn', 4],
  ['family', 2],
];

const KEYS = 6;

type Random = () => number;

/** A job of the mix. Its input has the token and the batch, and so have those of its children. */
export function drawRequest(random: Random, token: string, batch: number): JobRequest {
  const kind = drawKind(random);
  const chance = random();
  const input: Partial<ChaosInput> = {
    token,
    batch,
    workMs: Math.floor(kind === 'slow' ? 300 + 1_200 * chance : 30 * chance),
    failures: kind === 'doomed' ? Math.round(chance) : 1 + Math.floor(3 * chance),
  };
  const type = `chaos.${kind}`;
  const key = `key-${Math.floor(KEYS * random())}`;
  if (kind === 'family') return { type, ...drawFamily(random, input, token) };
  // In a strict order the line is by due time: these are due as they come, so that the line is known.
  if (kind === 'turn') return { type, input: { ...input, key, failures: drawFailures(random) } };
  const delayed = random() < 0.15;
  return {
    type,
    input: kind === 'keyed' ? { ...input, key } : input,
    priority: Math.floor(3 * random()),
    ...(delayed ? { runAt: new Date(Date.now() + 5_000 * random()) } : {}),
  };
}

function drawFamily(
  random: Random,
  input: Partial<ChaosInput>,
  token: string,
): Pick<JobRequest, 'input' | 'children'> {
  const jobs = Array.from({ length: 1 + Math.floor(3 * random()) }, (_, nth) => ({
    type: 'chaos.member',
    input: { ...input, token: `${token}/${nth}`, failures: drawFailures(random) },
    ...(random() < 0.3 ? { delayMs: Math.floor(2_000 * random()) } : {}),
  }));
  const onFailure = random() < 0.5 ? 'fail' : 'continue';
  const within = random() < 0.2 ? { withinMs: 500 } : {};
  return { input: { ...input, ...within }, children: { jobs, onFailure, ...within } };
}

function drawFailures(random: Random): number {
  const chance = random();
  if (chance < 0.75) return 0;
  return chance < 0.9 ? 1 : NEVER;
}

function drawKind(random: Random): string {
  let left = random() * MIX.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [kind, weight] of MIX) {
    if (left < weight) return kind;
    left -= weight;
  }
  return 'plain';
}
