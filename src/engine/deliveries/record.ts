import type { Queryable } from '../../database/database.ts';

/** One attempt to hand an effect to a receiver. */
export interface DeliveryAttempt {
  /** The job that the effect came from, and its place among that job's effects. */
  job: number;
  ordinal: number;
  /** `notify.NAME` or `deliver.NAME`. */
  receiver: string;
  /** `held`: the circuit breaker was open. `superseded`: nobody needs it any more. */
  outcome: 'sent' | 'failed' | 'held' | 'superseded';
  /** The job that made the attempt, and the number of its own attempt. */
  byJob: number | null;
  attempt: number;
  /** As `errorFact` makes it. */
  error: string | null;
  durationMs: number;
}

const RECORD = `
insert into humdrum.delivery (job_id, ordinal, receiver, outcome, by_job, attempt, error, duration_ms, delivered_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, humdrum.clock())
on conflict (job_id, ordinal, receiver) where outcome in ('sent', 'superseded') do nothing`;

const MAX_ERROR_CHARACTERS = 1_000;

export async function recordDelivery(db: Queryable, attempt: DeliveryAttempt): Promise<void> {
  const { job, ordinal, receiver, outcome, byJob, error, durationMs } = attempt;
  const kept = error?.slice(0, MAX_ERROR_CHARACTERS).toWellFormed() ?? null;
  const params = [job, ordinal, receiver, outcome, byJob, attempt.attempt, kept];
  await db.query(RECORD, [...params, Math.round(durationMs)]);
}
