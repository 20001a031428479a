import { createHash } from 'node:crypto';
import { canonicalJson } from '../base/canonical-json.ts';
import type { Json } from '../base/json.ts';
import type { JobType } from './job-type.ts';
import type { Effect, LogLine, Outcome, TableChange } from './outcome.ts';
import { conceal } from './secrets.ts';

/** What a run does: predicted by a rehearsal, and computed again by the real run. */
export interface Plan {
  type: string;
  /** Without secrets. */
  input: Json;
  /** The handler's `ctx.now`. */
  at: string;
  /** Rows that change, by table. */
  tables: TableChange[];
  effects: readonly Effect[];
  result: Json;
  /** Null unless it fails. */
  error: { class: string; message: string } | null;
  log: readonly LogLine[];
  durationMs: number;
  /** Equal for two runs that do the same. Covers type, input, tables, effects, result and error, but not times and log. */
  hash: string;
}

/** Null if the rows were not counted: a job with `atomic: false` has no single transaction to count in. */
export function planOf(type: JobType, input: unknown, at: Date, outcome: Outcome): Plan | null {
  const { ended, effects, changes, log, durationMs } = outcome;
  const failed =
    'error' in ended ? { class: ended.error.class, message: ended.error.message } : null;
  if (!changes && !failed) return null;
  const content = {
    type: type.type,
    input: JSON.parse(JSON.stringify(conceal(input, type.secrets))) as Json,
    tables: failed ? [] : (changes ?? []),
    effects: failed ? [] : effects,
    result: 'result' in ended ? ended.result : null,
    error: failed,
  };
  const hash = createHash('sha256').update(canonicalJson(content)).digest('hex');
  return { ...content, at: at.toISOString(), log, durationMs, hash: `sha256:${hash}` };
}
