import type { ClaimedJob } from '../job/claimed-job.ts';
import type { JobType } from '../job/job-type.ts';
import type { Outcome } from '../job/outcome.ts';

/** A finished attempt, to be recorded. */
export interface Settlement {
  readonly job: ClaimedJob;
  readonly type: JobType;
  readonly outcome: Outcome;
}

export interface JobAttempt {
  id: number;
  attempt: number;
}

/** Ids of the jobs that may hold a limit or a unique key, or whose parent waits. Most jobs have no such ties. */
export const holdersIn = (settlements: readonly Settlement[]): number[] =>
  settlements.filter(({ job }) => job.ties).map(({ job }) => job.id);

export const attemptKey = (job: JobAttempt): string => `${job.id}/${job.attempt}`;

export const leasesOf = (settlements: readonly Settlement[]): number[] => [
  ...new Set(settlements.map(({ job }) => job.leaseId)),
];

export const logOf = ({ outcome }: Settlement): string | null =>
  jsonOrNull(outcome.log.length > 0 ? outcome.log : null);

export function jsonOrNull(value: unknown): string | null {
  return value === null ? null : JSON.stringify(value);
}
