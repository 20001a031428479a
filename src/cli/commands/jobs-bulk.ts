import type { z } from 'zod';
import type { Action } from '../../engine/job/lifecycle.ts';
import { HumdrumError } from '../../errors.ts';
import { actOnBulk, previewBulk, type bulkFilter } from '../../http/contract/bulk.ts';
import type { Client } from '../../http/client.ts';
import { hintAtWords } from '../hint.ts';
import { count, print, printJson, say, table } from '../output.ts';
import { Progress } from '../progress.ts';

export type BulkFilter = z.output<typeof bulkFilter>;
/** So many at once: a bar that moves, and requests that no proxy gives up on. */
const STEP = 2_000;

type Preview = z.output<typeof previewBulk.answer>;

export interface BulkFlags {
  dryRun?: true;
  yes?: true;
  over?: number;
  json?: true;
}

export const DONE: Record<Action, string> = { retry: 'retried', cancel: 'cancelled' };

/** Tells what would be done, and does it where `--yes` and a reason say so. */
export async function actOnMany(
  client: Client,
  action: Action,
  filter: BulkFilter,
  { reason, ...flags }: BulkFlags & { reason: string | null },
): Promise<void> {
  const preview = await client.call(previewBulk, { body: { action, filter } });
  if (reason === null) {
    if (flags.json) return printJson(preview);
    print(describe(preview));
    if (preview.count === 0) await hintAtWords(client, filter);
    else say('To do it, add: --yes --reason TEXT');
    return;
  }
  const acted = await actInSteps(client, preview, reason, flags.over);
  if (flags.json) return printJson(acted);
  print(
    `${count(acted.done)} of ${amount(preview)} ${acted.done === 1 ? 'is' : 'are'} ${DONE[action]}.`,
  );
  if (preview.more) say('There are more: the same again does it to the next ones.');
}

/** All of them, as one act: its answer is that of the whole. */
async function actInSteps(
  client: Client,
  { action, token, count: of }: Preview,
  reason: string,
  overMs: number | undefined,
): Promise<z.output<typeof actOnBulk.answer>> {
  const progress = new Progress(`to be ${DONE[action]}`);
  let done = 0;
  let left = of;
  try {
    for (let next: string | null = token; next !== null;) {
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
  return { action, done, of, next: null };
}

/** Null: only tell. Errors: `input-invalid`. */
export function reasonToAct(flags: BulkFlags & { reason?: string }): string | null {
  if (flags.dryRun && flags.yes) {
    throw new HumdrumError('input-invalid', 'Either --dry-run or --yes, not both.');
  }
  return flags.yes ? reasonOf(flags) : null;
}

/** Errors: `input-invalid`. */
export function reasonOf({ reason }: { reason?: string }): string {
  if (reason?.trim()) return reason;
  throw new HumdrumError(
    'input-invalid',
    'Say why, with --reason TEXT: it stands in the audit of each job.',
  );
}

function describe(preview: Preview): string {
  const { action, byType, byErrorClass } = preview;
  const head = `${amount(preview)} would be ${DONE[action]}.`;
  if (preview.count === 0) return head;
  const types = byType.map((one) => [one.count, one.type]);
  const classes = byErrorClass.map((one) => [one.count, one.errorClass ?? '(no error)']);
  return [
    head,
    table(['jobs', 'type'], types, ''),
    table(['jobs', 'last error'], classes, ''),
  ].join('\n\n');
}

const amount = (preview: Preview): string =>
  `${count(preview.count)}${preview.more ? ' or more' : ''} ${preview.count === 1 ? 'job' : 'jobs'}`;
