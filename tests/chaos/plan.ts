import { seededRandom } from '../../src/engine/base/random.ts';

/** What a lost answer was the answer to, or what a network holds back. `enqueue` is the driver's, all others are a worker's. */
export const ANSWERS = ['commit', 'settle', 'claim', 'heartbeat', 'enqueue'] as const;
export type Answer = (typeof ANSWERS)[number];

interface Timed {
  /** After the start of the run. */
  atMs: number;
}

/** Workers are numbered from 0, and a new one takes the number of the one that was killed. */
export type Fault = Timed &
  (
    | { kind: 'kill'; worker: number }
    | { kind: 'freeze'; worker: number; forMs: number }
    | { kind: 'terminate-backend'; worker: number; pick: number }
    | { kind: 'drop-answer'; worker: number; of: Answer }
    | { kind: 'hold'; worker: number; of: Answer; forMs: number }
    | { kind: 'replace'; worker: number }
    | { kind: 'stop-server'; mode: 'fast' | 'immediate'; forMs: number }
  );
export type FaultKind = Fault['kind'];

/** What is held back: what ends a job, so that it arrives when others have rescued what it is about. */
const HELD = ['settle', 'settle', 'commit'] as const;

export interface PlanOptions {
  seed: number;
  durationMs: number;
  workers: number;
  leaseMs: number;
  /** Without it a server that is stopped at once might lose what it has acknowledged, so it is only stopped cleanly. */
  fsync: boolean;
  /** Only these. Without it: of all kinds. */
  kinds?: readonly FaultKind[];
}

/** Of a hundred faults of all kinds. */
const WEIGHTS: Record<FaultKind, number> = {
  kill: 22,
  freeze: 18,
  'terminate-backend': 17,
  'drop-answer': 21,
  hold: 14,
  replace: 5,
  'stop-server': 3,
};

export const KINDS = Object.keys(WEIGHTS) as FaultKind[];

/** One fault every 250 to 1,000 ms, or fewer where only such kinds are wanted as last. Pure: the same options give the same plan. */
export function planFaults(options: PlanOptions): Fault[] {
  const random = seededRandom(`chaos/${options.seed}`);
  const plan: Fault[] = [];
  const thawMs = Array.from({ length: options.workers }, () => 0);
  for (let atMs = 250 + random() * 750; atMs < options.durationMs; atMs += 250 + random() * 750) {
    const fault = draw(options, random, Math.round(atMs), thawMs);
    if (options.kinds?.includes(fault.kind) === false) continue;
    if ('forMs' in fault && 'worker' in fault) thawMs[fault.worker] = fault.atMs + fault.forMs;
    plan.push(fault);
  }
  return plan;
}

function draw(
  { workers, leaseMs, fsync, kinds = KINDS }: PlanOptions,
  random: () => number,
  atMs: number,
  thawMs: readonly number[],
): Fault {
  const below = (limit: number): number => Math.floor(random() * limit);
  const kind = drawKind(kinds, random());
  const worker = below(workers);
  switch (kind) {
    case 'kill':
    case 'replace':
      return { atMs, kind, worker };
    case 'freeze':
    case 'hold': {
      // Half of the workers at most stand still, so that somebody is there to rescue.
      const still = thawMs.filter((until) => until > atMs).length;
      if ((thawMs[worker] ?? 0) > atMs || still >= workers / 2)
        return { atMs, kind: 'kill', worker };
      if (kind === 'freeze') return { atMs, kind, worker, forMs: 2 * leaseMs };
      return { atMs, kind, worker, of: HELD[below(HELD.length)] ?? 'settle', forMs: 4 * leaseMs };
    }
    case 'terminate-backend':
      return { atMs, kind, worker, pick: random() };
    case 'drop-answer':
      return { atMs, kind, worker, of: ANSWERS[below(ANSWERS.length)] ?? 'commit' };
    case 'stop-server': {
      const mode = fsync && random() < 0.5 ? 'immediate' : 'fast';
      return { atMs, kind, mode, forMs: 200 + below(1_300) };
    }
    default:
      return kind satisfies never;
  }
}

function drawKind(kinds: readonly FaultKind[], share: number): FaultKind {
  let left = share * kinds.reduce((sum, kind) => sum + WEIGHTS[kind], 0);
  for (const kind of kinds) {
    if (left < WEIGHTS[kind]) return kind;
    left -= WEIGHTS[kind];
  }
  return kinds[0] ?? 'kill';
}

/** A line for people, and for comparing two plans. */
export function describeFault(fault: Fault): string {
  const { atMs, kind, ...rest } = fault;
  const details = Object.entries(rest).map(
    ([name, value]) => `${name} ${typeof value === 'number' ? Number(value.toFixed(3)) : value}`,
  );
  return [`${(atMs / 1_000).toFixed(3)} s`.padStart(10), kind.padEnd(17), details.join(', ')].join(
    '  ',
  );
}
