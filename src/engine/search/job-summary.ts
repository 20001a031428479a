import type { Status } from '../job/lifecycle.ts';

/** Lists show error messages up to this many characters. */
const LONGEST_LISTED = 1_000;

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
  /** Of the last attempt, like its message, which is cut after 1,000 characters. */
  errorClass: string | null;
  errorMessage: string | null;
}

/** Its columns in SQL, from `humdrum.jobs`. */
export const SUMMARY = `id, type, queue, status, attempts, max_attempts as "maxAttempts", created_at as "createdAt",
  run_at as "runAt", as_of as "asOf", schedule, finished_at as "finishedAt", error_class as "errorClass",
  left(error_message, ${LONGEST_LISTED}) as "errorMessage"`;
