import type { Status } from '../job/lifecycle.ts';
import { LONGEST_LISTED } from './sql.ts';

export interface JobSummary {
  id: number;
  type: string;
  queue: string;
  status: Status;
  /** Attempts made so far. */
  attempts: number;
  maxAttempts: number;
  createdAt: Date;
  /** When it is due, or was. */
  runAt: Date;
  /** What its handler sees as now: the tick of a scheduled job. */
  asOf: Date;
  schedule: string | null;
  /** When its last attempt ended. */
  finishedAt: Date | null;
  /** Of the last attempt, as is its message: the first 1,000 characters of it. */
  errorClass: string | null;
  errorMessage: string | null;
}

/** SQL of its columns, from `humdrum.jobs`. */
export const SUMMARY = `id, type, queue, status, attempts, max_attempts as "maxAttempts", created_at as "createdAt",
  run_at as "runAt", as_of as "asOf", schedule, finished_at as "finishedAt", error_class as "errorClass",
  left(error_message, ${LONGEST_LISTED}) as "errorMessage"`;
