import type { Queryable } from '../../src/database/database.ts';
import type { AuditEventName } from '../../src/engine/job/lifecycle.ts';

const TABLES =
  `job attempt cancellation effect loss audit ready later parked awaited unique_key worker lease failed tick slot
  bucket wake_call statistic job_block roll_up_gap`.split(/\s+/);

/** In PL/pgSQL, which plans a statement once in a session: both run many thousand times. */
export const DEFINE = [
  // Empties the database between two runs, facts and all.
  `create function public.wipe() returns void language plpgsql set session_replication_role = replica as $$
  begin
    ${TABLES.map((table) => `delete from humdrum.${table};`).join('\n    ')}
    delete from humdrum.schedule where name like 'test.%';
    delete from humdrum.replaced_rule;
    delete from humdrum.limits;
  end $$`,
  `create function public.look() returns json language plpgsql as $$
  begin
    return (
      with place as (
        select job_id from humdrum.ready union all select job_id from humdrum.later
        union all select job_id from humdrum.parked union all select job_id from humdrum.failed
        union all select held.job_id from humdrum.lease, unnest(jobs, attempts) as held (job_id, number)
          where not exists (select from humdrum.attempt where (attempt.job_id, attempt.number) = (held.job_id, held.number))
      ),
      seen as materialized (
        select id, type, status, attempts, (select count(*) from place where job_id = id) as places from humdrum.jobs
      ),
      ended as materialized (select id from seen where status in ('completed', 'failed', 'cancelled')),
      leftover as (
        select 'slot of an ended job' as what, job_id as id from humdrum.slot where job_id in (select id from ended)
        union all select 'awaited ended job', job_id from humdrum.awaited where job_id in (select id from ended)
        union all select 'key of an ended job', job_id from humdrum.unique_key where until is null and job_id in (select id from ended)
        union all select 'key of no job', job_id from humdrum.unique_key where job_id not in (select id from seen)
        union all select 'slot of a queued job', job_id from humdrum.slot join seen on id = job_id and status = 'queued' and not kept
      )
      select json_build_object(
        'jobs', (select coalesce(json_agg(format('%s: %s, %s attempts, %s places', id, status, attempts, places) order by id), '[]') from seen),
        'leftovers', (select coalesce(json_agg(leftover), '[]') from leftover),
        'keys', (select coalesce(json_object_agg(type || ':' || key, job_id), '{}') from humdrum.unique_key
          where until is null or until > humdrum.clock())
      )
    );
  end $$`,
];

export interface Look {
  /** The status of each, its attempts, and in how many places it is. */
  jobs: string[];
  /** What must not be there, whatever has happened. */
  leftovers: unknown[];
  /** Unique keys, and which jobs have them. */
  keys: Record<string, number>;
}

export async function lookAt(db: Queryable): Promise<Look> {
  const { rows } = await db.query<{ look: Look }>('select public.look()');
  if (!rows[0]) throw new Error('A function answers a row.');
  return rows[0].look;
}

export async function queuedIds(db: Queryable): Promise<number[]> {
  const { rows } = await db.query<{ id: number }>(
    `select id from humdrum.jobs where status = 'queued'`,
  );
  return rows.map(({ id }) => id);
}

export interface History {
  id: number;
  events: AuditEventName[];
  attempts: number[];
}

export async function histories(db: Queryable): Promise<History[]> {
  const { rows } = await db.query<History>(
    `select id, array(select event from humdrum.audit where audit.job_id = job.id order by audit.id) as events,
       array(select number from humdrum.attempt where attempt.job_id = job.id order by number) as attempts
     from humdrum.job order by id`,
  );
  return rows;
}

export async function countFenced(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*) from humdrum.audit where event = 'fenced'`,
  );
  return rows[0]?.count ?? 0;
}

export async function childIds(db: Queryable, parentId: number): Promise<number[]> {
  const { rows } = await db.query<{ id: number }>(
    'select id from humdrum.job where parent_id = $1 order by id',
    [parentId],
  );
  return rows.map(({ id }) => id);
}

export async function tickJobs(
  db: Queryable,
  after: number,
): Promise<{ id: number; type: string; run_at: Date }[]> {
  const { rows } = await db.query<{ id: number; type: string; run_at: Date }>(
    'select id, type, run_at from humdrum.job where schedule is not null and id > $1 order by id',
    [after],
  );
  return rows;
}
