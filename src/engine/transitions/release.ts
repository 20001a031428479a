import type { Queryable } from '../../database/database.ts';
import { freeHolds } from './free-holds.ts';
import { LINE_CALL, makeReady } from './make-ready.ts';
import { running } from './running.ts';

const RELEASE = `
with mine as materialized (
  select * from humdrum.lease where worker_id = $1 for update
),
held as materialized (
  select lease_id, job_id, number, job_id = any ($2::bigint[]) as kept from ${running('mine')} as held
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
released as materialized (
  select job.id as job_id, job.rank, held.number as attempt, job.queue, job.gates[1] as gate, job.weights[1] as weight,
    concat(job.type, '@' || nullif(job.version, 1)) as type, case when held.number = 1 then job.start_by end as start_by
  from held cross join lateral (select * from humdrum.job where job.id = held.job_id offset 0) as job
  where not held.kept
),${makeReady({ from: 'released' })}${freeHolds({ from: 'released', ended: 'false', calls: [LINE_CALL] })}
audit as (
  insert into humdrum.audit (at, job_id, attempt, event, actor, reason)
  select humdrum.clock(), job_id, attempt, 'released', 'worker:' || $1::bigint, $3 from released
)
select count(*) as released from released`;

/** Requeues the jobs that a worker holds and will not finish, except `keep`. This does not count as an attempt. */
export async function release(
  db: Queryable,
  workerId: number,
  keep: readonly number[],
  reason = 'shutdown',
): Promise<number> {
  const { rows } = await db.query<{ released: number }>(RELEASE, [workerId, keep, reason]);
  return rows[0]?.released ?? 0;
}
