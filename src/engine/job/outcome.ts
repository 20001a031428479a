import type { OpenTransaction } from '../../database/database.ts';
import type { Json } from '../base/json.ts';
import type { Failure } from './failure.ts';

/** Something that leaves the transaction: recorded with the job, delivered after it has committed. */
export interface Effect {
  kind: 'event' | 'notification' | 'file';
  /** Of an event, a channel or a file. */
  name: string;
  data: Json;
}

export interface LogLine {
  message: string;
  fields?: Record<string, Json>;
}

/** Rows of one table, with all its partitions, that a transaction inserted, updated and deleted. TRUNCATE is not counted. */
export interface TableChange {
  table: string;
  inserted: number;
  updated: number;
  deleted: number;
}

/** How a handler ended, as a value: nothing of it has been written yet. */
export interface Outcome {
  readonly ended: { result: Json } | Failure;
  readonly effects: readonly Effect[];
  readonly log: readonly LogLine[];
  readonly durationMs: number;
  /** Null if rows were not counted. */
  readonly changes: TableChange[] | null;
  /** The handler's own transaction, still open. Settling the outcome ends it. */
  readonly transaction: OpenTransaction | null;
  /** The trace context of the attempt, for the jobs that follow from it. */
  readonly trace?: string;
}

/** What became of an outcome. */
export type Settled =
  /** It is durable. `outcome` is what was recorded: a result that could not be stored is a failure here. */
  | { readonly kind: 'recorded'; readonly outcome: Outcome }
  /** Refused: the lease had passed, and the job belongs to others. */
  | { readonly kind: 'fenced' }
  /** Nothing was recorded: the attempt was aborted or postponed, and the job is given back or rescued. */
  | { readonly kind: 'abandoned' };

export const FENCED: Settled = { kind: 'fenced' };
export const ABANDONED: Settled = { kind: 'abandoned' };

/** A job whose handler has ended. */
export interface JobRun {
  readonly outcome: Outcome;
  readonly settled: Promise<Settled>;
}
