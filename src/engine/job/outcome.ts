import type { OpenTransaction } from '../../database/database.ts';
import type { Json } from '../base/json.ts';
import type { Failure } from './failure.ts';

/** Something that reaches beyond the transaction: recorded with the job, and delivered after it commits. */
export interface Effect {
  kind: 'event' | 'notification' | 'file';
  /** The name of the event, the channel or the file. */
  name: string;
  data: Json;
}

export interface LogLine {
  message: string;
  fields?: Record<string, Json>;
}

/** The number of rows that a transaction changed in a table, including its partitions. TRUNCATE is not counted. */
export interface TableChange {
  table: string;
  inserted: number;
  updated: number;
  deleted: number;
}

/** How a handler ended. Nothing has been recorded or committed yet. */
export interface Outcome {
  readonly ended: { result: Json } | Failure;
  readonly effects: readonly Effect[];
  readonly log: readonly LogLine[];
  readonly durationMs: number;
  /** Null if rows were not counted. */
  readonly changes: TableChange[] | null;
  /** The handler's transaction, still open. Settling the outcome ends it. */
  readonly transaction: OpenTransaction | null;
  /** The trace context of the attempt, for its deliveries. */
  readonly trace?: string;
}

/** The result of settling an outcome. */
export type Settled =
  /** Durable. `outcome`: what was recorded. It is a failure if the result could not be stored. */
  | { readonly kind: 'recorded'; readonly outcome: Outcome }
  /** Refused: the lease had expired, and another worker may have the job. */
  | { readonly kind: 'fenced' }
  /** Not recorded: the attempt was aborted or postponed, and the job will be released or rescued. */
  | { readonly kind: 'abandoned' };

export const FENCED: Settled = { kind: 'fenced' };
export const ABANDONED: Settled = { kind: 'abandoned' };

/** A job whose handler has ended. */
export interface JobRun {
  readonly outcome: Outcome;
  readonly settled: Promise<Settled>;
}
