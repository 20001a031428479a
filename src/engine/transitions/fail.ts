import type { Queryable } from '../../database/database.ts';
import type { ErrorFact } from '../job/error-fact.ts';
import { signature } from '../job/job-type.ts';
import { retryDelayMs } from './backoff.ts';
import { ALIVE, closeLeases, refusedBy, RETURN_RECORDED } from './fence.ts';
import { freeHolds } from './free-holds.ts';
import { type Column, columnOf, rowsOf } from './row-columns.ts';
import { holdersIn, leasesOf, logOf, type Settlement } from './settlement.ts';

// A job with attempts left fails and is retried in one statement; its audit has both events.
const failSql = (rows: string, freed: string): string => `
with ${ALIVE},
given as materialized (${rows}),
attempt as (
  insert into humdrum.attempt (job_id, lease_id, worker_id, number, started_at, finished_at, status,
    error_class, error_message, error_stack, log)
  select job_id, lease.id, lease.worker_id, number, lease.now - duration_ms * interval '1 millisecond', lease.now, 'failed',
    error_class, error_message, error_stack, log
  from given join lease on lease.id = given.lease_id
  on conflict do nothing
  returning job_id, number, worker_id, finished_at, error_class
),
fate as materialized (
  select attempt.*, given.rank, given.queue, given.type, given.retry_ms, given.gate,
    attempt.finished_at + given.retry_ms * interval '1 millisecond' as run_at
  from attempt join given using (job_id)
),
later as (
  insert into humdrum.later (job_id, run_at, rank, attempt, queue, type, gate)
  select job_id, run_at, rank, number + 1, queue, type, gate from fate where retry_ms is not null
),
failed as (
  insert into humdrum.failed (job_id, failed_at, rank, attempt, queue, type, error_class)
  select job_id, finished_at, rank, number, queue, type, error_class from fate where retry_ms is null
),${freed}
audit as (
  insert into humdrum.audit (at, job_id, attempt, event, actor, reason)
  select finished_at, job_id, number, event, 'worker:' || worker_id, reason from fate cross join lateral (
    select 1 as step, 'failed' as event, error_class as reason
    union all
    select 2, 'retried', 'attempt ' || number + 1 || ' is due at ' || run_at where retry_ms is not null
  ) as entry
  order by job_id, step
),
closed as (${closeLeases('$3')}
)
${RETURN_RECORDED}`;

/**
 * Records failed attempts, schedules the next attempt if any are left, and closes leases. Returns the settlements that were
 * refused.
 */
export async function fail(
  db: Queryable,
  settlements: readonly Settlement[],
  finishedLeases: readonly number[],
): Promise<Settlement[]> {
  const column = (
    name: string,
    type: string,
    of: (settlement: Settlement, error: ErrorFact | null) => unknown,
  ): Column => {
    const values = settlements.map((one) =>
      of(one, 'error' in one.outcome.ended ? one.outcome.ended.error : null),
    );
    return columnOf(name, type, values, name === 'job_id');
  };
  const params: unknown[] = [leasesOf(settlements), settlements.length, finishedLeases];
  const rows = rowsOf(
    [
      column('lease_id', 'bigint', ({ job }) => job.leaseId),
      column('job_id', 'bigint', ({ job }) => job.id),
      column('number', 'smallint', ({ job }) => job.attempt),
      column('duration_ms', 'float8', ({ outcome }) => outcome.durationMs),
      column('error_class', 'text', (_, error) => error?.class),
      column('error_message', 'text', (_, error) => error?.message),
      column('error_stack', 'text', (_, error) => error?.stack),
      column('log', 'json', logOf),
      column('rank', 'integer', ({ job }) => job.rank),
      column('queue', 'text', ({ job }) => job.queue),
      column('type', 'text', ({ job }) => signature(job.type, job.version)),
      column('retry_ms', 'float8', retryAfterMs),
      column('gate', 'text', ({ job }) => job.ties?.gate ?? null),
    ],
    params,
  );
  const holders = holdersIn(settlements);
  const freed =
    holders.length === 0
      ? ''
      : freeHolds({
          from: 'fate',
          ended: 'freed.retry_ms is null',
          among: `$${params.push(holders)}::bigint[]`,
        });
  return refusedBy(db, failSql(rows, freed), params, settlements);
}

/** Null: no further attempt. */
function retryAfterMs({ job, type, outcome }: Settlement): number | null {
  if (!('error' in outcome.ended)) return null;
  const { permanent, retryAfterMs: requestedMs } = outcome.ended;
  if (permanent || job.attempt >= job.maxAttempts) return null;
  return requestedMs ?? retryDelayMs(type.retry, job.attempt, job.seed);
}
