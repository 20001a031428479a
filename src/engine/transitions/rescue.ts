import type { Queryable } from '../../database/database.ts';
import { ALONE } from './alone.ts';
import { freeHolds } from './free-holds.ts';
import { makeReady } from './make-ready.ts';
import { running } from './running.ts';

/** A job is given back so often without being charged. After that it is charged for each worker that it was lost with. */
const MAX_LOSSES = 10;
/** A job that was lost with so many workers waits to run alone, so that it shows whether it is the one that ends them. */
const LOSSES_BEFORE_ALONE = 2;

// Inputs are not read: an input that crashes the process that parses it must not crash the rescuers too. `type` is built as
// `signature` does. `company`: how many jobs the worker held, or was running, when it was lost.
const RESCUE = `
with clock as materialized (select humdrum.clock() as now),
gone as materialized (
  select id, name, expires_at, lost_jobs, id = any ($3::bigint[]) as proven from humdrum.worker
  where id = any ($2::bigint[]) and lost_at is not null for update skip locked
),
company as materialized (
  select gone.id as worker_id, coalesce(gone.lost_jobs, count(*)) as jobs
  from gone join ${running()} as held on held.worker_id = gone.id group by gone.id, gone.lost_jobs
),
counted as (
  update humdrum.worker set lost_jobs = company.jobs from company where worker.id = company.worker_id and worker.lost_jobs is null
),
expired as (
  delete from humdrum.lease where id = any (array (
    select lease.id from humdrum.lease join gone on gone.id = lease.worker_id for update of lease skip locked
  ))
  returning id, worker_id, claimed_at, jobs, attempts
),
lost as materialized (
  select held.lease_id, held.worker_id, held.claimed_at, held.number, company.jobs as company, gone.proven, job.id as job_id,
    job.rank, job.queue, job.max_attempts, job.gates[1] as gate, job.weights[1] as weight, job.start_by,
    concat(job.type, '@' || nullif(job.version, 1)) as type,
    (select count(*) from humdrum.loss where loss.job_id = held.job_id and kind = 'worker') as losses,
    (select count(*) from humdrum.loss where loss.job_id = held.job_id) as noted
  from ${running('expired')} as held join company using (worker_id) join gone on gone.id = held.worker_id
  cross join lateral (select * from humdrum.job where job.id = held.job_id offset 0) as job
),
judged as materialized (
  select *, company = 1 or max_attempts = 1 or losses >= ${MAX_LOSSES} or not proven as charged from lost
),
attempt as (
  insert into humdrum.attempt (job_id, lease_id, worker_id, number, started_at, finished_at, status, error_class, error_message)
  select job_id, lease_id, worker_id, number, claimed_at, clock.now, 'failed', 'WorkerLost',
    'Worker ' || gone.name || ' sent no heartbeat after ' || gone.expires_at
  from judged join gone on gone.id = judged.worker_id, clock where charged
  on conflict do nothing
  returning job_id
),
loss as (
  insert into humdrum.loss (job_id, ordinal, kind, number, worker_id, at, reason)
  select job_id, noted + 1, 'worker', number, worker_id, clock.now, 'Worker ' || worker_id || ' was lost while it held ' || company || ' jobs'
  from judged, clock where not charged
  on conflict do nothing
  returning job_id
),
rescued as materialized (
  select judged.*, not charged or number < max_attempts as again,
    case when charged then number + 1 else number end as next,
    case when losses + (not charged)::integer >= ${LOSSES_BEFORE_ALONE} then '${ALONE}' else gate end as line
  from judged join (select job_id from attempt union all select job_id from loss) as told using (job_id)
),${makeReady({
  from: 'rescued',
  where: 'again',
  columns: {
    attempt: 'next',
    start_by: 'case when next = 1 then start_by end',
    gate: 'line',
    weight: 'coalesce(weight, 1)',
  },
})}
failed as (
  insert into humdrum.failed (job_id, failed_at, rank, attempt, queue, type, error_class)
  select job_id, clock.now, rank, number, queue, type, 'WorkerLost' from rescued, clock where not again
),${freeHolds({
  from: 'rescued',
  ended: 'not freed.again',
  calls: [`select distinct gate, null::bigint from parked where gate <> '${ALONE}'`],
})}
audit as (
  insert into humdrum.audit (at, job_id, attempt, event, actor, reason)
  select clock.now, job_id, number, event, $1, reason from rescued, clock, lateral (
    select 1 as step, 'rescued' as event, 'worker:' || worker_id || ' is lost' as reason
    union all select 2, 'failed', 'WorkerLost' where charged
    union all select 3, 'retried', 'attempt ' || next || ' is due' where charged and again
    union all select 2, 'released', 'not charged: the worker held ' || company || ' jobs' where not charged
  ) as entry
  order by job_id, step
)
select count(*) as rescued, count(*) filter (where again) as again, count(*) filter (where charged) as charged from rescued`;

/** What happened to the jobs of lost workers: `again` are queued again, `charged` have a failed attempt more. */
export interface Rescued {
  rescued: number;
  again: number;
  charged: number;
}

/**
 * Rescues the jobs of workers that are marked as lost. A job that was alone in its worker is charged a failed attempt, and so
 * is one with a single attempt, which must not run twice. The others are queued again as if they had not been claimed, at
 * most `MAX_LOSSES` times. `proven`: those workers of which no settlement is under way any more. Only a recorded attempt
 * fences off a settlement that is, so the jobs of the others are all charged.
 */
export async function rescue(
  db: Queryable,
  actor: string,
  { workers, proven }: { workers: readonly number[]; proven: readonly number[] },
): Promise<Rescued> {
  const { rows } = await db.query<Rescued>(RESCUE, [actor, workers, proven]);
  return rows[0] ?? { rescued: 0, again: 0, charged: 0 };
}
