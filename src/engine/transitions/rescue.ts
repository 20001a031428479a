import type { Queryable } from '../../database/database.ts';

// What the dead worker may be writing at this moment meets this statement at the attempt's primary key: whichever comes
// second writes nothing. Inputs are not read: a job that kills whoever parses it must not kill its rescuers. The type with
// its version is made from the job, as `signature` does.
const RESCUE = `
with clock as materialized (select humdrum.clock() as now),
expired as (
  delete from humdrum.lease where id = any (array (
    select lease.id from humdrum.lease join humdrum.worker on worker.id = lease.worker_id, clock
    where worker.expires_at <= clock.now
    order by lease.id limit 100 for update of lease skip locked
  ))
  returning id, worker_id, claimed_at, jobs, attempts
),
lost as materialized (
  select expired.id as lease_id, expired.worker_id, expired.claimed_at, held.number, job.id as job_id,
    job.rank, job.queue, job.max_attempts, held.number < job.max_attempts as again,
    job.gates[1] as gate, job.weights[1] as weight, concat(job.type, '@' || nullif(job.version, 1)) as type
  from expired cross join lateral unnest(expired.jobs, expired.attempts) as held (job_id, number)
  cross join lateral (select * from humdrum.job where job.id = held.job_id offset 0) as job
  where not exists (
    select from humdrum.attempt where attempt.job_id = held.job_id and attempt.number = held.number
  )
),
attempt as (
  insert into humdrum.attempt (job_id, lease_id, worker_id, number, started_at, finished_at, status, error_class, error_message)
  select job_id, lease_id, worker_id, number, claimed_at, clock.now, 'failed', 'WorkerLost',
    'Worker ' || worker.name || ' was last heard of before ' || worker.expires_at
  from lost join humdrum.worker on worker.id = lost.worker_id, clock
  on conflict do nothing
  returning job_id
),
rescued as materialized (select lost.* from lost join attempt using (job_id)),
ready as (
  insert into humdrum.ready (job_id, rank, attempt, queue, type)
  select job_id, rank, number + 1, queue, type from rescued where again and gate is null
),
parked as (
  insert into humdrum.parked (job_id, gate, rank, attempt, weight, queue, type)
  select job_id, gate, rank, number + 1, weight, queue, type from rescued where again and gate is not null
  returning gate
),
failed as (
  insert into humdrum.failed (job_id, failed_at, rank, attempt, queue, type, error_class)
  select job_id, clock.now, rank, number, queue, type, 'WorkerLost' from rescued, clock where not again
),
slot as (
  delete from humdrum.slot using rescued where slot.job_id = rescued.job_id and not (slot.kept and again) returning slot.gate
),
unique_key as (
  delete from humdrum.unique_key using rescued where unique_key.job_id = rescued.job_id and until is null and not again
),
awaited as (
  delete from humdrum.awaited using rescued where awaited.job_id = rescued.job_id and not again returning parent_id
),
call as (
  insert into humdrum.wake_call (gate, parent_id)
  select gate, null::bigint from slot union select gate, null from parked union select null, parent_id from awaited
),
audit as (
  insert into humdrum.audit (at, job_id, attempt, event, actor, reason)
  select clock.now, job_id, number, event, $1, reason from rescued, clock, lateral (
    select 1 as step, 'rescued' as event, 'worker:' || worker_id || ' is lost' as reason
    union all select 2, 'failed', 'WorkerLost'
    union all select 3, 'retried', 'attempt ' || number + 1 || ' is due' where again
  ) as said
  order by job_id, step
)
select count(*) as rescued, count(*) filter (where again) as again from rescued`;

/** Takes back the jobs of workers whose leases have passed: each lost attempt is recorded, and tried again if any are left. */
export async function rescue(
  db: Queryable,
  actor: string,
): Promise<{ rescued: number; again: number }> {
  const { rows } = await db.query<{ rescued: number; again: number }>(RESCUE, [actor]);
  return rows[0] ?? { rescued: 0, again: 0 };
}
