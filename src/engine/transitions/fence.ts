import type { Queryable } from '../../database/database.ts';
import { attemptKey, type JobAttempt, type Settlement } from './settlement.ts';

// Every settlement is fenced twice: the lease must exist and its worker must not be marked as lost, and the primary key of
// `attempt` allows one record per attempt.

/**
 * CTEs: the clock, and the leases in $1 whose workers are not marked as lost. A handler may have raised the isolation of its
 * transaction, which then sees the leases as they were at its start. The row lock fails if they have been marked since.
 */
export const ALIVE = `
clock as materialized (select humdrum.clock() as now),
shared as materialized (
  select id from humdrum.lease
  where id = any ($1::bigint[]) and current_setting('transaction_isolation') <> 'read committed' for share
),
lease as materialized (
  select lease.id, lease.worker_id, clock.now from humdrum.lease
  join humdrum.worker on worker.id = lease.worker_id cross join clock
  where lease.id = any ($1::bigint[]) and worker.lost_at is null and (select count(*) from shared) >= 0
)`;

/** Deletes leases, but never one of a lost worker: the rescue needs it for the jobs that were not settled. */
export const closeLeases = (ids: string): string => `
  delete from humdrum.lease using humdrum.worker
  where lease.id = any (${ids}) and worker.id = lease.worker_id and worker.lost_at is null`;

/** Selects the recorded attempts if they are fewer than the $2 expected, else null: the list is long and rarely needed. */
export const RETURN_RECORDED = `select case when count(*) < $2 then coalesce(json_agg(job_id || '/' || number), '[]') end as recorded from attempt`;

/** For a handler's transaction: raises an error if the attempt was not recorded, so that the transaction cannot commit. */
export const RAISE_IF_REFUSED = `select case when count(*) < $2 then humdrum.refuse_settlement() end from attempt`;

const REFUSED = 'HD001';

export function isRefused(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === REFUSED;
}

/** Runs the statement that records these settlements. Returns those that it refused. */
export async function refusedBy(
  db: Queryable,
  sql: string,
  params: unknown[],
  settlements: readonly Settlement[],
): Promise<Settlement[]> {
  const { rows } = await db.query<{ recorded: string[] | null }>(sql, params);
  const recorded = rows[0]?.recorded;
  const keys = new Set(recorded);
  return recorded === null ? [] : settlements.filter(({ job }) => !keys.has(attemptKey(job)));
}

// If this same lease recorded the attempt, the write was not fenced: its reply was lost and it was sent again. A rescue
// records the lost lease's id too, so `WorkerLost` is excluded.
const FENCED = `
insert into humdrum.audit (at, job_id, attempt, event, actor, reason)
select humdrum.clock(), given.job_id, given.number, 'fenced', 'lease:' || given.lease_id, 'the lease had passed'
from unnest($1::bigint[], $2::bigint[], $3::smallint[]) as given (lease_id, job_id, number)
where not exists (
  select from humdrum.attempt
  where attempt.job_id = given.job_id and attempt.number = given.number and attempt.lease_id = given.lease_id
    and attempt.error_class is distinct from 'WorkerLost'
)
returning job_id as id, attempt`;

/** Audits the refused settlements. Returns them without those that their own lease had recorded before. */
export async function auditFenced(
  db: Queryable,
  refused: readonly Settlement[],
): Promise<Settlement[]> {
  const { rows } = await db.query<JobAttempt>(FENCED, [
    refused.map(({ job }) => job.leaseId),
    refused.map(({ job }) => job.id),
    refused.map(({ job }) => job.attempt),
  ]);
  const keys = new Set(rows.map(attemptKey));
  return refused.filter(({ job }) => keys.has(attemptKey(job)));
}
