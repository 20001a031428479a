import type { Queryable } from '../../database/database.ts';
import { running } from '../transitions/running.ts';

/** Counts stop here: a count of this size means "at least". */
export const MAX_SIGN_COUNT = 100_000;
/** The maximum number of queues with ready jobs, in the order of their names. */
const MAX_QUEUES = 100;
/** The oldest job is searched among this many at the head of each queue. */
const HEAD = 100;

/** The jobs of a queue by state, and how long the oldest ready job has been waiting. */
export interface QueueSigns {
  ready: number;
  later: number;
  parked: number;
  running: number;
  failed: number;
  /** In seconds, among first attempts near the head of the queue. 0 if none waits. */
  oldest: number;
}

/** The state of a database's queues and workers at this moment. */
export interface VitalSigns {
  queues: ReadonlyMap<string, QueueSigns>;
  /** Live workers. */
  workers: number;
  /** Alerts that are not resolved. */
  alerts: number;
  /** Audit events that are not in the statistics yet. */
  unrolled: number;
}

/** An index skip scan over the queue names: they are few, but the rows may be millions. */
const SERVED = `
served (queue, place) as (
  (select queue, 1 from humdrum.ready order by queue limit 1)
  union all
  select (select ready.queue from humdrum.ready where ready.queue > served.queue order by ready.queue limit 1), place + 1
  from served where served.queue is not null and place <= ${MAX_QUEUES}
)`;

const counted = (table: string): string => `
select '${table}' as sign, queue, count(*) as value from (select queue from humdrum.${table} limit ${MAX_SIGN_COUNT}) as few
group by queue`;

const SIGNS = `
with recursive clock as materialized (select humdrum.clock() as now),
${SERVED}
select 'ready' as sign, queue, (
  select count(*) from (
    select from humdrum.ready where ready.queue = served.queue order by queue, rank, job_id limit ${MAX_SIGN_COUNT}
  ) as few
) as value from served where queue is not null
union all
select 'oldest', queue, (
  select coalesce(max(greatest(date_part('epoch', clock.now - greatest(job.run_at, job.created_at)), 0)), 0) from (
    select job_id, attempt from humdrum.ready where ready.queue = served.queue order by queue, rank, job_id limit ${HEAD}
  ) as head cross join lateral (select * from humdrum.job where job.id = head.job_id offset 0) as job
  where head.attempt = 1
) from served, clock where queue is not null
union all ${counted('later')}
union all ${counted('parked')}
union all ${counted('failed')}
union all
select 'running', job.queue, count(*) from (
  select job_id from ${running()} as held limit ${MAX_SIGN_COUNT}
) as held cross join lateral (select * from humdrum.job where job.id = held.job_id offset 0) as job
group by job.queue
union all
select 'workers', null, count(*) from humdrum.worker, clock where expires_at > clock.now
union all
select 'alerts', null, count(*) from humdrum.alert where resolved_at is null
union all
select 'unrolled', null, greatest(last_value - coalesce((select to_id from humdrum.roll_up), 0), 0)
from humdrum.audit_id where is_called`;

/** Reads all signs in one query, at a bounded cost. */
export async function vitalSigns(db: Queryable): Promise<VitalSigns> {
  const { rows } = await db.query<{ sign: string; queue: string | null; value: number }>(SIGNS);
  const queues = new Map<string, QueueSigns>();
  const signs = { queues, workers: 0, alerts: 0, unrolled: 0 };
  for (const { sign, queue, value } of rows) {
    if (queue === null) Object.assign(signs, { [sign]: value });
    else queues.set(queue, { ...(queues.get(queue) ?? EMPTY_QUEUE), [sign]: value });
  }
  return signs;
}

const EMPTY_QUEUE: QueueSigns = { ready: 0, later: 0, parked: 0, running: 0, failed: 0, oldest: 0 };
