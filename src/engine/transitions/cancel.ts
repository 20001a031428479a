import type { Queryable } from '../../database/database.ts';
import { freeHolds } from './free-holds.ts';

// A claim deletes from `ready` too, so only one of the two gets the row.
const CANCEL = `
with clock as materialized (select humdrum.clock() as now),
ready as (
  delete from humdrum.ready using humdrum.job
  where job.id = any ($1::bigint[])
    and (ready.queue, ready.rank, ready.job_id) = (job.queue, job.rank, job.id)
  returning ready.job_id, ready.gate
),
later as (
  delete from humdrum.later where job_id = any ($1::bigint[]) returning job_id
),
parked as (
  delete from humdrum.parked where job_id = any ($1::bigint[]) returning job_id, gate
),
failed as (
  delete from humdrum.failed where job_id = any ($1::bigint[]) returning job_id
),
taken as materialized (
  select job_id from ready union all select job_id from later
  union all select job_id from parked union all select job_id from failed
),
${freeHolds({
  from: 'taken',
  ended: 'true',
  calls: ['select gate, null from ready where gate is not null', 'select gate, null from parked'],
}).trimStart()}
cancellation as (
  insert into humdrum.cancellation (job_id, cancelled_at, had_failed)
  select job_id, clock.now, job_id in (select job_id from failed) from taken, clock
),
audit as (
  insert into humdrum.audit (at, job_id, event, actor, reason)
  select clock.now, job_id, 'cancelled', $2, $3 from taken, clock
)
select job_id as id from taken order by 1`;

/** Cancels the jobs that are queued or failed, and returns their ids. Running and ended jobs are left unchanged. */
export async function cancel(
  db: Queryable,
  ids: readonly number[],
  by: { actor: string; reason: string | null },
): Promise<number[]> {
  const { rows } = await db.query<{ id: number }>(CANCEL, [ids, by.actor, by.reason]);
  return rows.map(({ id }) => id);
}

// Only reads the rows. A claim that takes one at this moment deletes it first, and `cancel` then does not find it.
const OVERDUE = `
select job_id as id from (
  (select job_id, start_by from humdrum.ready where start_by <= humdrum.clock() limit $1)
  union all (select job_id, start_by from humdrum.later where start_by <= humdrum.clock() limit $1)
  union all (select job_id, start_by from humdrum.parked where start_by <= humdrum.clock() limit $1)
) as overdue limit $1`;

/** Cancels queued jobs whose `start_by` has passed. Returns how many. */
export async function cancelOverdue(db: Queryable, actor: string): Promise<number> {
  const { rows } = await db.query<{ id: number }>(OVERDUE, [1_000]);
  if (rows.length === 0) return 0;
  const ids = rows.map(({ id }) => id);
  return (await cancel(db, ids, { actor, reason: 'it had not started in time' })).length;
}
