import type { Queryable } from '../database/database.ts';

const RETRY = `
with clock as materialized (select humdrum.clock() as now),
failed as (
  delete from humdrum.failed where job_id = any ($1::bigint[])
  returning job_id, priority, attempt, queue, type
),
ready as (
  insert into humdrum.ready (job_id, priority, attempt, queue, type)
  select job_id, priority, attempt + 1, queue, type from failed
),
audit as (
  insert into humdrum.audit (at, job_id, attempt, event, actor, reason)
  select clock.now, job_id, attempt + 1, 'retried', $2, $3 from failed, clock
)
select job_id as id from failed order by 1`;

/** Gives failed jobs one more attempt, now, beyond those that their type allows. Answers those that it was given to. */
export async function retry(
  db: Queryable,
  ids: readonly number[],
  by: { actor: string; reason: string | null },
): Promise<number[]> {
  const { rows } = await db.query<{ id: number }>(RETRY, [ids, by.actor, by.reason]);
  return rows.map(({ id }) => id);
}
