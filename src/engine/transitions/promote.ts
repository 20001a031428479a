import type { Queryable } from '../../database/database.ts';

const MAX_PROMOTED = 1_000;

const PROMOTE = `
with clock as materialized (select humdrum.clock() as now),
due as (
  delete from humdrum.later where ctid = any (array (
    select later.ctid from humdrum.later, clock where run_at <= clock.now
    order by run_at limit ${MAX_PROMOTED} for update of later skip locked
  ))
  returning job_id, rank, attempt, queue, type, start_by, gate
),
ready as (
  insert into humdrum.ready (job_id, rank, attempt, queue, type, start_by)
  select job_id, rank, attempt, queue, type, start_by from due where gate is null
),
parked as (
  insert into humdrum.parked (job_id, gate, rank, attempt, weight, queue, type, start_by)
  select job_id, due.gate, due.rank, attempt, job.weights[1], due.queue, due.type, due.start_by
  from due join humdrum.job on job.id = due.job_id where due.gate is not null
  returning gate
),
call as (
  insert into humdrum.wake_call (gate) select distinct gate from parked
)
select (select count(*) from due) as promoted, (
  select extract(epoch from min(run_at) - clock.now) * 1000 from humdrum.later where run_at > clock.now
)::float8 as "nextMs"
from clock`;

/** Moves what has come due from `later` to `ready`. `nextMs`: how long until the next one is; null if there is none. */
export async function promote(db: Queryable): Promise<{ promoted: number; nextMs: number | null }> {
  const { rows } = await db.query<{ promoted: number; nextMs: number | null }>(PROMOTE);
  return rows[0] ?? { promoted: 0, nextMs: null };
}
