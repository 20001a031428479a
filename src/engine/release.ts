import type { Queryable } from '../database/database.ts';

const RELEASE = `
with mine as materialized (
  select * from humdrum.lease where worker_id = $1 for update
),
held as materialized (
  select mine.id as lease_id, held.job_id, held.number, held.job_id = any ($2::bigint[]) as kept
  from mine cross join lateral unnest(mine.jobs, mine.attempts) as held (job_id, number)
  where not exists (
    select from humdrum.attempt where attempt.job_id = held.job_id and attempt.number = held.number
  )
),
kept as materialized (
  select lease_id, array_agg(job_id) as jobs, array_agg(number) as attempts from held where kept group by lease_id
),
shrunk as (
  update humdrum.lease set jobs = kept.jobs, attempts = kept.attempts from kept where lease.id = kept.lease_id
),
emptied as (
  delete from humdrum.lease using mine where lease.id = mine.id and not exists (select from kept where lease_id = mine.id)
),
ready as (
  insert into humdrum.ready (job_id, priority, attempt, queue, type)
  select job.id, job.priority, held.number, job.queue, job.type
  from held cross join lateral (select * from humdrum.job where job.id = held.job_id offset 0) as job
  where not held.kept
  returning job_id, attempt
),
audit as (
  insert into humdrum.audit (at, job_id, attempt, event, actor, reason)
  select humdrum.clock(), job_id, attempt, 'released', 'worker:' || $1::bigint, 'shutdown' from ready
)
select count(*) as released from ready`;

/** Gives back what a stopping worker holds and will not finish, at no cost of an attempt, except for the jobs `keep`. */
export async function release(
  db: Queryable,
  workerId: number,
  keep: readonly number[],
): Promise<number> {
  const { rows } = await db.query<{ released: number }>(RELEASE, [workerId, keep]);
  return rows[0]?.released ?? 0;
}
