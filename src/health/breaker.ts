import type { Queryable } from '../database/database.ts';

/** After so many failures in a row nothing is sent for a while. */
export const FAILURES_TO_OPEN = 3;
const FIRST_REST_MS = 60_000;
const LONGEST_REST_MS = 1_800_000;

const MAY_SEND = `
with probe as (
  update humdrum.alert_sink set open_until = humdrum.clock() + $2::float8 * interval '1 millisecond'
  where name = $1 and open_until <= humdrum.clock() returning name
)
select extract(epoch from open_until - humdrum.clock())::float8 * 1000 as "restMs"
from humdrum.alert_sink where name = $1 and open_until > humdrum.clock() and not exists (select from probe)`;

/**
 * Whether something may be sent to a sink. Answers how many milliseconds to wait, or null: now. When a rest is over one
 * sender may try, and the others wait for what comes of it, `probeMs` at most.
 */
export async function restOf(db: Queryable, sink: string, probeMs: number): Promise<number | null> {
  const { rows } = await db.query<{ restMs: number }>(MAY_SEND, [sink, probeMs]);
  return rows[0] ? Math.max(1, Math.ceil(rows[0].restMs)) : null;
}

/** An attempt to tell somebody. */
export interface Delivery {
  /** Null: a test. */
  alertId: number | null;
  noticeId: number | null;
  jobId: number;
  attempt: number;
  sink: string;
  /** held: the breaker was open. superseded: the alert was over before anybody was told. */
  outcome: 'sent' | 'failed' | 'held' | 'superseded';
  /** Of one that has failed. */
  error: string | null;
  durationMs: number;
}

const RECORD = `
with breaker as (
  insert into humdrum.alert_sink (name, failures) select $5, case when $6 = 'failed' then 1 else 0 end where $6 in ('sent', 'failed')
  on conflict (name) do update set
    failures = case when $6 = 'failed' then alert_sink.failures + 1 else 0 end,
    open_until = case when $6 = 'failed' and alert_sink.failures + 1 >= ${FAILURES_TO_OPEN} then
      humdrum.clock() + interval '1 millisecond'
        * least(${FIRST_REST_MS} * 2::float8 ^ least(alert_sink.failures + 1 - ${FAILURES_TO_OPEN}, 10), ${LONGEST_REST_MS}) end
)
insert into humdrum.alert_delivery (alert_id, notice_id, job_id, attempt, sink, at, outcome, error, duration_ms)
values ($1, $2, $3, $4, $5, humdrum.clock(), $6, $7, $8)`;

/** Writes an attempt down, and what the breaker makes of it. */
export async function recordDelivery(db: Queryable, delivery: Delivery): Promise<void> {
  const { alertId, noticeId, jobId, attempt, sink, outcome, error, durationMs } = delivery;
  await db.query(RECORD, [
    alertId,
    noticeId,
    jobId,
    attempt,
    sink,
    outcome,
    error,
    Math.round(durationMs),
  ]);
}
