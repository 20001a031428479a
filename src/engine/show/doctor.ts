import type { Queryable } from '../../database/database.ts';
import { whyUnreadable } from '../schedule/cron.ts';

/** The queries of `humdrum doctor` on the engine's tables. */

export interface StuckLease {
  worker: string;
  /** Seconds since the lease expired. */
  seconds: number;
  jobs: number;
}

/** Leases that should have been rescued by now: each worker looks for expired ones at least every 5 s. */
export async function stuckLeases(db: Queryable, afterSeconds: number): Promise<StuckLease[]> {
  const { rows } = await db.query<StuckLease>(
    `select worker.name as worker, extract(epoch from humdrum.clock() - min(expires_at))::float8 as seconds,
       sum(cardinality(jobs)) as jobs
     from humdrum.lease join humdrum.worker on worker.id = worker_id
     where expires_at < humdrum.clock() - $1::float8 * interval '1 second'
     group by worker.id order by seconds desc limit 20`,
    [afterSeconds],
  );
  return rows;
}

export interface LateSchedule {
  schedule: string;
  nextAt: Date;
  seconds: number;
}

/** Schedules of these names whose next tick has passed without a worker firing it. */
export async function lateSchedules(
  db: Queryable,
  names: readonly string[],
  afterSeconds: number,
): Promise<LateSchedule[]> {
  const { rows } = await db.query<LateSchedule>(
    `select name as schedule, next_at as "nextAt", extract(epoch from humdrum.clock() - next_at)::float8 as seconds
     from humdrum.schedule where name = any ($1) and next_at < humdrum.clock() - $2::float8 * interval '1 second'
     order by next_at limit 20`,
    [names, afterSeconds],
  );
  return rows;
}

export interface UnreadableSchedule {
  schedule: string;
  reason: string;
}

/** Schedules of these names whose rule in the table cannot be read on this machine, so that it does not fire them. */
export async function unreadableSchedules(
  db: Queryable,
  names: readonly string[],
): Promise<UnreadableSchedule[]> {
  const { rows } = await db.query<{ schedule: string; cron: string; timeZone: string }>(
    'select name as schedule, cron, time_zone as "timeZone" from humdrum.schedule where name = any ($1) order by name',
    [names],
  );
  return rows.flatMap(({ schedule, ...rule }) => {
    const reason = whyUnreadable(rule);
    return reason === null ? [] : [{ schedule, reason }];
  });
}

export interface Staffing {
  /** Live workers. */
  workers: number;
  /** Ready jobs, counted up to 10,000. */
  ready: number;
  /** Signatures of ready jobs that no live worker knows, at most 20. */
  unknown: string[];
}

export async function staffing(db: Queryable): Promise<Staffing> {
  const { rows } = await db.query<Staffing>(
    `with living as materialized (
       select types from humdrum.worker where expires_at > humdrum.clock() and queues <> '{}'
     ),
     waiting as materialized (select type from humdrum.ready limit 10000)
     select (select count(*) from living) as workers, (select count(*) from waiting) as ready,
       array(select distinct type from waiting where not exists (select from living where type = any (types)) order by type limit 20)
         as unknown`,
  );
  return rows[0] ?? { workers: 0, ready: 0, unknown: [] };
}

export interface UnservedQueue {
  queue: string;
  /** Ready jobs, counted up to 10,000. */
  ready: number;
}

// The queues of ready jobs are found by an index skip scan.
const UNSERVED = `
with recursive step as (
  (select queue from humdrum.ready order by queue limit 1)
  union all
  select (select queue from humdrum.ready where queue > step.queue order by queue limit 1) from step where step.queue is not null
),
living as materialized (
  select queues from humdrum.worker where expires_at > humdrum.clock() and queues <> '{}'
)
select step.queue, waiting.ready
from step cross join lateral (
  select count(*) as ready from (select from humdrum.ready where ready.queue = step.queue limit 10000) as first_ones
) as waiting
where step.queue is not null and exists (select from living)
  and not exists (select from living where step.queue = any (queues))
order by step.queue limit 20`;

/** Queues with ready jobs that none of the live workers serves. None if no worker is alive. */
export async function unservedQueues(db: Queryable): Promise<UnservedQueue[]> {
  const { rows } = await db.query<UnservedQueue>(UNSERVED);
  return rows;
}

export interface HistoryRoom {
  /** The highest id that was given to a job. */
  lastId: number;
  /** The history has a place for ids below this one. */
  endId: number;
  /** The part after the current one is there. Workers add it as soon as the current one begins. */
  hasNext: boolean;
}

export async function historyRoom(db: Queryable): Promise<HistoryRoom> {
  const { rows } = await db.query<HistoryRoom>(
    `select last_value as "lastId", (max(part) + 1) * humdrum.history_width() as "endId",
       max(part) > last_value / humdrum.history_width() as "hasNext"
     from humdrum.job_id, (
       select substr(relname, 5)::bigint as part from pg_class
       where relnamespace = 'humdrum'::regnamespace and relname ~ '^job_[0-9]+$' and relkind = 'r'
     ) as there group by last_value`,
  );
  const [room] = rows;
  if (!room) throw new Error('The history has no parts.');
  return room;
}
