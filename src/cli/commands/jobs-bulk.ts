import { z } from 'zod';
import type { Action } from '../../engine/job/lifecycle.ts';
import { HumdrumError } from '../../errors.ts';
import { actOnBulk, previewBulk } from '../../http/contract/bulk.ts';
import { jobQuery, type JobQueryJson } from '../../http/contract/job-query.ts';
import type { Client } from '../../http/client.ts';
import { EXIT } from '../exit.ts';
import { hintAtWords } from '../hint.ts';
import { inSteps } from '../interrupt.ts';
import { count, plain, print, printJson, say, table } from '../output.ts';
import { Progress } from '../progress.ts';

/** Jobs per request: small enough for a moving progress bar, and for requests that no proxy times out. */
const STEP = 2_000;

type Preview = z.output<typeof previewBulk.answer>;

export interface BulkFlags {
  dryRun?: true;
  yes?: true;
  over?: number;
  json?: true;
}

export const DONE: Record<Action, string> = { retry: 'retried', cancel: 'cancelled' };

/** Previews the action, and performs it if a reason is given (with `--yes`). */
export async function actOnMany(
  client: Client,
  action: Action,
  query: JobQueryJson,
  { reason, ...flags }: BulkFlags & { reason: string | null },
): Promise<void> {
  const preview = await client.call(previewBulk, { body: { action, filter: query } });
  if (reason === null) {
    if (flags.json) return printJson(preview);
    print(describe(preview));
    if (preview.count === 0) await hintAtWords(client, query);
    else say('To proceed, add: --yes --reason TEXT');
    return;
  }
  const { acted, ended } = await inSteps('batch', (isEnding) =>
    actInSteps(client, preview, { reason, overMs: flags.over, isEnding }),
  );
  if (!ended) process.exitCode = EXIT.interrupted;
  if (flags.json) return printJson(acted);
  if (preview.count === 0) print(`No matching jobs: nothing was ${DONE[action]}.`);
  else {
    const verb = acted.done === 1 ? 'is' : 'are';
    print(`${count(acted.done)} of ${amount(preview)} ${verb} ${DONE[action]}.`);
  }
  if (!ended) say('The rest is left as it was. To go on, run the command again.');
  else if (preview.more) say('More jobs match. Run the command again for the next ones.');
}

interface Steps {
  reason: string;
  overMs: number | undefined;
  isEnding: () => boolean;
}

interface ActedInSteps {
  acted: z.output<typeof actOnBulk.answer>;
  /** False: the user ended it before the last step. */
  ended: boolean;
}

/** Acts on all jobs of a preview, in several requests, and returns the total. */
async function actInSteps(
  client: Client,
  { action, token, count: of }: Preview,
  { reason, overMs, isEnding }: Steps,
): Promise<ActedInSteps> {
  const progress = new Progress(`to be ${DONE[action]}`);
  let done = 0;
  let left = of;
  let next: string | null = token;
  try {
    while (next !== null && !isEnding()) {
      progress.show(of - left, of);
      const acted: z.output<typeof actOnBulk.answer> = await client.call(actOnBulk, {
        body: { token: next, reason, overMs, atMost: STEP },
      });
      done += acted.done;
      left = Math.max(acted.of - STEP, 0);
      ({ next } = acted);
    }
  } finally {
    progress.end();
  }
  return { acted: { action, done, of, next: null }, ended: next === null };
}

/** Null: preview only. Errors: `input-invalid`. */
export function reasonToAct(flags: BulkFlags & { reason?: string }): string | null {
  if (flags.dryRun && flags.yes) {
    throw new HumdrumError('input-invalid', 'Use either --dry-run or --yes, not both.');
  }
  return flags.yes ? reasonOf(flags) : null;
}

/** Errors: `input-invalid`. */
export function reasonOf({ reason }: { reason?: string }): string {
  if (reason?.trim()) return reason;
  throw new HumdrumError(
    'input-invalid',
    'Give a reason with --reason TEXT. It is recorded in the audit log of each job.',
  );
}

function describe(preview: Preview): string {
  const { action, byType, byErrorClass } = preview;
  const head = [`${amount(preview)} would be ${DONE[action]}.`, `query: ${queryText(preview)}`];
  if (preview.count === 0) return head.join('\n');
  const types = byType.map((one) => [one.count, one.type]);
  const classes = byErrorClass.map((one) => [one.count, one.errorClass ?? '(no error)']);
  return [
    head.join('\n'),
    table(['jobs', 'type'], types, ''),
    table(['jobs', 'last error'], classes, ''),
  ].join('\n\n');
}

/** As the API takes it. */
const queryText = ({ query }: Preview): string => plain(JSON.stringify(z.encode(jobQuery, query)));

const amount = (preview: Preview): string =>
  `${count(preview.count)}${preview.more ? ' or more' : ''} ${preview.count === 1 ? 'job' : 'jobs'}`;
