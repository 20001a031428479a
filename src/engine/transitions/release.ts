import type { Queryable } from '../../database/database.ts';

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
given_back as materialized (
  select job.id as job_id, job.rank, held.number, job.queue, job.gates[1] as gate, job.weights[1] as weight,
    concat(job.type, '@' || nullif(job.version, 1)) as type, case when held.number = 1 then job.start_by end as start_by
  from held cross join lateral (select * from humdrum.job where job.id = held.job_id offset 0) as job
  where not held.kept
),
ready as (
  insert into humdrum.ready (job_id, rank, attempt, queue, type, start_by)
  select job_id, rank, number, queue, type, start_by from given_back where gate is null
),
parked as (
  insert into humdrum.parked (job_id, gate, rank, attempt, weight, queue, type, start_by)
  select job_id, gate, rank, number, weight, queue, type, start_by from given_back where gate is not null
  returning gate
),
slot as (
  delete from humdrum.slot using given_back where slot.job_id = given_back.job_id and not slot.kept returning slot.gate
),
call as (
  insert into humdrum.wake_call (gate) select gate from slot union select gate from parked
),
audit as (
  insert into humdrum.audit (at, job_id, attempt, event, actor, reason)
  select humdrum.clock(), job_id, number, 'released', 'worker:' || $1::bigint, $3 from given_back
)
select count(*) as released from given_back`;

/** Gives back what a worker holds and will not finish, at no cost of an attempt, except for the jobs `keep`. */
export async function release(
  db: Queryable,
  workerId: number,
  keep: readonly number[],
  reason = 'shutdown',
): Promise<number> {
  const { rows } = await db.query<{ released: number }>(RELEASE, [workerId, keep, reason]);
  return rows[0]?.released ?? 0;
}
