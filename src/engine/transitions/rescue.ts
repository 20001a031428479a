import type { Queryable } from '../../database/database.ts';
import { freeHolds } from './free-holds.ts';
import { LINE_CALL, makeReady } from './make-ready.ts';
import { running } from './running.ts';

// The lost worker may be settling at this moment. Both then insert the same primary key into `attempt`, and the second one
// writes nothing. Inputs are not read: an input that crashes the process that parses it must not crash the rescuers too.
// `type` is built as `signature` does.
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
  select held.lease_id, held.worker_id, held.claimed_at, held.number, job.id as job_id, job.rank, job.queue, job.max_attempts,
    held.number < job.max_attempts as again, job.gates[1] as gate, job.weights[1] as weight,
    concat(job.type, '@' || nullif(job.version, 1)) as type
  from ${running('expired')} as held
  cross join lateral (select * from humdrum.job where job.id = held.job_id offset 0) as job
),
attempt as (
  insert into humdrum.attempt (job_id, lease_id, worker_id, number, started_at, finished_at, status, error_class, error_message)
  select job_id, lease_id, worker_id, number, claimed_at, clock.now, 'failed', 'WorkerLost',
    'Worker ' || worker.name || ' sent no heartbeat after ' || worker.expires_at
  from lost join humdrum.worker on worker.id = lost.worker_id, clock
  on conflict do nothing
  returning job_id
),
rescued as materialized (select lost.* from lost join attempt using (job_id)),${makeReady({
  from: 'rescued',
  where: 'again',
  columns: { attempt: 'number + 1', start_by: 'null::timestamptz' },
})}
failed as (
  insert into humdrum.failed (job_id, failed_at, rank, attempt, queue, type, error_class)
  select job_id, clock.now, rank, number, queue, type, 'WorkerLost' from rescued, clock where not again
),${freeHolds({ from: 'rescued', ended: 'not freed.again', calls: [LINE_CALL] })}
audit as (
  insert into humdrum.audit (at, job_id, attempt, event, actor, reason)
  select clock.now, job_id, number, event, $1, reason from rescued, clock, lateral (
    select 1 as step, 'rescued' as event, 'worker:' || worker_id || ' is lost' as reason
    union all select 2, 'failed', 'WorkerLost'
    union all select 3, 'retried', 'attempt ' || number + 1 || ' is due' where again
  ) as entry
  order by job_id, step
)
select count(*) as rescued, count(*) filter (where again) as again from rescued`;

/** Rescues the jobs of workers whose leases have expired: records each lost attempt, and retries the job if attempts are left. */
export async function rescue(
  db: Queryable,
  actor: string,
): Promise<{ rescued: number; again: number }> {
  const { rows } = await db.query<{ rescued: number; again: number }>(RESCUE, [actor]);
  return rows[0] ?? { rescued: 0, again: 0 };
}
