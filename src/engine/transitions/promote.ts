import type { Queryable } from '../../database/database.ts';
import { intoLine, intoReady, LINE_CALL } from './make-ready.ts';

const MAX_PROMOTED = 1_000;

const PROMOTE = `
with clock as materialized (select humdrum.clock() as now),
due as (
  delete from humdrum.later where ctid = any (array (
    select later.ctid from humdrum.later, clock where run_at <= clock.now
    order by run_at limit ${MAX_PROMOTED} for update of later skip locked
  ))
  returning job_id, rank, attempt, queue, type, start_by, gate
),${intoReady({ from: 'due' })}
limited as materialized (
  select due.*, job.weights[1] as weight from due join humdrum.job on job.id = due.job_id where due.gate is not null
),${intoLine({ from: 'limited' })}
call as (
  insert into humdrum.wake_call (gate, parent_id) ${LINE_CALL}
)
select (select count(*) from due) as promoted, (
  select extract(epoch from min(run_at) - clock.now) * 1000 from humdrum.later where run_at > clock.now
)::float8 as "nextMs"
from clock`;

/** Moves due jobs from `later` to `ready`, or to `parked` if they have limits. `nextMs`: until the next one is due; null if there is none. */
export async function promote(db: Queryable): Promise<{ promoted: number; nextMs: number | null }> {
  const { rows } = await db.query<{ promoted: number; nextMs: number | null }>(PROMOTE);
  return rows[0] ?? { promoted: 0, nextMs: null };
}
