import type { Queryable } from '../../database/database.ts';
import { running } from '../transitions/running.ts';
import type { LimitRule } from '../job/limit-rule.ts';

/** The current state of a queue. Counts stop at 100,000. */
export interface QueueSummary {
  queue: string;
  /** Jobs that may start now. */
  ready: number;
  /** Jobs that are due later. */
  later: number;
  /** Jobs that wait in the line of a limit. */
  parked: number;
  running: number;
  /** Jobs that wait for an operator. */
  failed: number;
  /** A count stopped at its maximum, so there may be more. */
  capped: boolean;
  /** When the first ready job was due. */
  waitingSince: Date | null;
  /** The number of live workers that serve the queue. */
  workers: number;
  /** The limit of the whole queue. */
  limit: Omit<LimitRule, 'ordered'> | null;
}

interface Row extends Omit<QueueSummary, 'limit'> {
  concurrency: number | null;
  tokens: number | null;
  perMs: number | null;
}

const MAX_COUNTED = 100_000;

const scan = (table: string): string =>
  `select queue, '${table}' as source from (select queue from humdrum.${table} limit $2) as ${table}`;
const countIn = (table: string): string =>
  `(select count(*) from elsewhere where elsewhere.queue = named.queue and source = '${table}')`;

// The queues of `ready`, which may be long, are found by an index skip scan. The other tables have no index by queue, so a
// bounded number of their rows is counted.
const QUEUES = `
with recursive clock as materialized (select humdrum.clock() as now),
step as (
  (select queue from humdrum.ready order by queue limit 1)
  union all
  select (select queue from humdrum.ready where queue > step.queue order by queue limit 1) from step where step.queue is not null
),
elsewhere as materialized (
  ${['later', 'parked', 'failed'].map(scan).join('\n  union all ')}
),
running as materialized (
  select job.queue from ${running()} as held
  cross join lateral (select queue from humdrum.job where job.id = held.job_id offset 0) as job
),
capped as materialized (
  select count(*) >= $2 as is_full from elsewhere group by source
),
worker as materialized (
  select unnest(queues) as queue from humdrum.worker, clock where expires_at > clock.now
),
named as (
  select unnest($1::text[]) as queue union select queue from step where queue is not null union select queue from elsewhere
  union select queue from running union select queue from worker union select substr(name, 7) from humdrum.limits where name like 'queue:%'
)
select named.queue, ready.count as ready, ${countIn('later')} as later, ${countIn('parked')} as parked, ${countIn('failed')} as failed,
  (select count(*) from running where running.queue = named.queue) as running,
  ready.count >= $2 or exists (select from capped where is_full) as capped,
  (
    select greatest(job.created_at, job.run_at) from (
      select job_id from humdrum.ready where ready.queue = named.queue order by rank, ready.job_id limit 1
    ) as head cross join lateral (select * from humdrum.job where job.id = head.job_id offset 0) as job
  ) as "waitingSince",
  (select count(*) from worker where worker.queue = named.queue) as workers,
  limits.concurrency, limits.tokens, limits.per_ms as "perMs"
from named
cross join lateral (
  select count(*) from (select from humdrum.ready where ready.queue = named.queue limit $2) as first_ones
) as ready
left join humdrum.limits on limits.name = 'queue:' || named.queue
order by named.queue`;

/** The queues in `known`, and all others that have jobs, workers or a limit. */
export async function listQueues(db: Queryable, known: readonly string[]): Promise<QueueSummary[]> {
  const { rows } = await db.query<Row>(QUEUES, [known, MAX_COUNTED]);
  return rows.map(({ concurrency, tokens, perMs, ...row }) => {
    const rate = tokens === null || perMs === null ? null : { tokens, perMs };
    const limit = { ...(concurrency !== null && { concurrency }), ...(rate && { rate }) };
    return { ...row, limit: concurrency === null && !rate ? null : limit };
  });
}
