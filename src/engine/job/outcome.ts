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

/** How a handler ended, as a value: nothing has been written of it yet. */
export interface Outcome {
  readonly ended: { result: Json } | Failure;
  readonly effects: readonly Effect[];
  readonly log: readonly LogLine[];
  readonly durationMs: number;
  /** Null where rows were not counted. */
  readonly changes: TableChange[] | null;
  /** The handler's own transaction, still open. Whoever settles the outcome ends it. */
  readonly transaction: OpenTransaction | null;
  /** Of the attempt, where somebody traces it: what follows from it carries it along. */
  readonly trace?: string;
}

export interface JobRun {
  outcome: Outcome;
  /** The outcome as recorded. False: refused, since the lease had passed. Null: aborted or postponed, and the job is given back or rescued. */
  settled: Promise<Outcome | false | null>;
}
