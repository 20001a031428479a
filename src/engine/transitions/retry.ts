import type { Queryable } from '../../database/database.ts';
import { LINE_CALL, makeReady } from './make-ready.ts';

// A job whose unique key another job holds by now stays failed; an expired key is free. The rows are locked first, so that
// no key is taken for a job that is being cancelled at this moment. A parent waits for its open children, including those
// that are retried with it. A child may end after this statement took its snapshot: the parent's wake call covers that.
const RETRY = `
with clock as materialized (select humdrum.clock() as now),
wanted as materialized (
  select job.id, job.type, job.unique_key, job.parent_id from humdrum.failed join humdrum.job on job.id = failed.job_id
  where failed.job_id = any ($1::bigint[]) order by job.id for update of failed
),
unique_key as (
  insert into humdrum.unique_key as held (type, key, job_id, since)
  select distinct on (type, unique_key) type, unique_key, id, clock.now from wanted, clock
  where unique_key is not null order by type, unique_key, id
  on conflict (type, key) do update set job_id = excluded.job_id, since = excluded.since, until = null
  where held.until <= humdrum.clock()
  returning job_id
),
failed as (
  delete from humdrum.failed using wanted
  where failed.job_id = wanted.id and (wanted.unique_key is null or wanted.id in (select job_id from unique_key))
  returning failed.job_id, failed.rank, failed.attempt, failed.queue, failed.type, wanted.parent_id
),
again as materialized (
  select failed.job_id, failed.rank, failed.attempt, failed.queue, failed.type, failed.parent_id,
    job.gates[1] as gate, job.weights[1] as weight, job.on_child_failure is not null
      and (exists (select from humdrum.awaited where awaited.parent_id = failed.job_id)
        or failed.job_id in (select parent_id from failed where parent_id is not null)) as awaiting, clock.now,
    clock.now + ($5::float8 + $4::float8 * (row_number() over (order by job_id) - 1) / count(*) over ()) * interval '1 millisecond' as run_at
  from failed join humdrum.job on job.id = job_id, clock
),${makeReady({
  from: 'again',
  where: 'not awaiting and run_at <= now',
  columns: { attempt: 'attempt + 1', start_by: 'null::timestamptz' },
})}
later as (
  insert into humdrum.later (job_id, run_at, rank, attempt, queue, type, gate, awaiting)
  select job_id, case when awaiting then now + interval '1 day' else run_at end, rank, attempt + 1, queue, type, gate, awaiting
  from again where awaiting or run_at > now
),
awaited as (
  insert into humdrum.awaited (job_id, parent_id) select job_id, parent_id from again where parent_id is not null
),
call as (
  insert into humdrum.wake_call (gate, parent_id)
  ${LINE_CALL} union select null, job_id from again where awaiting
),
audit as (
  insert into humdrum.audit (at, job_id, attempt, event, actor, reason)
  select clock.now, job_id, attempt + 1, 'retried', $2, $3 from failed, clock
)
select job_id as id from failed order by 1`;

/**
 * Gives failed jobs one attempt beyond those that their type allows: now, or spread evenly over `overMs` after the next
 * `afterMs`. Returns the ids of the jobs retried.
 */
export async function retry(
  db: Queryable,
  ids: readonly number[],
  by: { actor: string; reason: string | null; overMs?: number; afterMs?: number },
): Promise<number[]> {
  const { rows } = await db.query<{ id: number }>(RETRY, [
    ids,
    by.actor,
    by.reason,
    by.overMs ?? 0,
    by.afterMs ?? 0,
  ]);
  return rows.map(({ id }) => id);
}

/** The open job that holds a failed job's unique key, and so keeps it from being retried. Null if there is none. */
export async function keyHolder(db: Queryable, id: number): Promise<number | null> {
  const { rows } = await db.query<{ holder: number }>(
    `select unique_key.job_id as holder from humdrum.failed join humdrum.job on job.id = failed.job_id
     join humdrum.unique_key on (unique_key.type, unique_key.key) = (job.type, job.unique_key)
     where failed.job_id = $1 and (until is null or until > humdrum.clock())`,
    [id],
  );
  return rows[0]?.holder ?? null;
}
