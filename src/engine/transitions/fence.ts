import type { Queryable } from '../../database/database.ts';
import { attemptKey, type JobAttempt, type Settlement } from './settlement.ts';

// Every settlement is fenced twice: the lease must be there and its worker's time must not have passed, and the primary key
// of `attempt` lets one of two that would record the same.

/** The clock, and those of the leases $1 whose workers are alive. */
export const ALIVE = `
clock as materialized (select humdrum.clock() as now),
lease as materialized (
  select lease.id, lease.worker_id, clock.now from humdrum.lease
  join humdrum.worker on worker.id = lease.worker_id cross join clock
  where lease.id = any ($1::bigint[]) and worker.expires_at > clock.now
)`;

/** A lease that has passed is not ours to remove: what we could not settle of it is there for the rescue alone. */
export const closeLeases = (ids: string): string => `
  delete from humdrum.lease using humdrum.worker, clock
  where lease.id = any (${ids}) and worker.id = lease.worker_id and worker.expires_at > clock.now`;

/** What was recorded is told only where it is not all of the $2: that is rare, and it is long. */
export const KEPT = `select case when count(*) < $2 then coalesce(json_agg(job_id || '/' || number), '[]') end as kept from attempt`;

/** The same for a handler's own transaction, which must not be kept then. */
export const KEPT_OR_UNDONE = `select case when count(*) < $2 then humdrum.refuse_settlement() end from attempt`;

const REFUSED = 'HD001';

export function isRefused(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === REFUSED;
}

/** Runs the statement that records these settlements, and answers which of them it has refused. */
export async function refusedBy(
  db: Queryable,
  sql: string,
  params: unknown[],
  settlements: readonly Settlement[],
): Promise<Settlement[]> {
  const { rows } = await db.query<{ kept: string[] | null }>(sql, params);
  const kept = rows[0]?.kept;
  const keys = new Set(kept);
  return kept === null ? [] : settlements.filter(({ job }) => !keys.has(attemptKey(job)));
}

// An attempt that this very lease has recorded is no fenced write: its answer was lost, and it was sent again. What the
// rescue has recorded has the lost lease's number too.
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

/** Audits what was refused, and answers it without what this lease had recorded itself. */
export async function noteFenced(
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
