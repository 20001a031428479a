import type { Queryable } from '../database/database.ts';

// A claim deletes from `ready` as this does: of the two, one gets the row.
const CANCEL = `
with clock as materialized (select humdrum.clock() as now),
ready as (
  delete from humdrum.ready using humdrum.job
  where job.id = any ($1::bigint[])
    and (ready.queue, ready.priority, ready.job_id) = (job.queue, job.priority, job.id)
  returning ready.job_id
),
later as (
  delete from humdrum.later where job_id = any ($1::bigint[]) returning job_id
),
failed as (
  delete from humdrum.failed where job_id = any ($1::bigint[]) returning job_id
),
taken as materialized (
  select job_id from ready union all select job_id from later union all select job_id from failed
),
cancellation as (
  insert into humdrum.cancellation (job_id, cancelled_at) select job_id, clock.now from taken, clock
),
audit as (
  insert into humdrum.audit (at, job_id, event, actor, reason)
  select clock.now, job_id, 'cancelled', $2, $3 from taken, clock
)
select job_id as id from taken order by 1`;

/** Cancels jobs that are queued or failed. Answers those that were; what runs, or has ended, is left as it is. */
export async function cancel(
  db: Queryable,
  ids: readonly number[],
  by: { actor: string; reason: string | null },
): Promise<number[]> {
  const { rows } = await db.query<{ id: number }>(CANCEL, [ids, by.actor, by.reason]);
  return rows.map(({ id }) => id);
}
