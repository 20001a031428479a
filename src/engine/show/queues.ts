import type { Queryable } from '../../database/database.ts';
import type { LimitRule } from '../job/limit-rule.ts';

/** A line of jobs, as it is now. Counts end at 100,000. */
export interface QueueSummary {
  queue: string;
  /** May start now. */
  ready: number;
  /** Have a time to come. */
  later: number;
  /** Wait in the line of a limit. */
  parked: number;
  running: number;
  /** Wait for an operator. */
  failed: number;
  /** There may be more of them than the counts say. */
  capped: boolean;
  /** When the first in line was due. */
  waitingSince: Date | null;
  /** How many live workers serve it. */
  workers: number;
  /** Of the whole queue. */
  limit: Omit<LimitRule, 'ordered'> | null;
}

interface Row extends Omit<QueueSummary, 'limit'> {
  concurrency: number | null;
  tokens: number | null;
  perMs: number | null;
}

const MOST_COUNTED = 100_000;

const scanned = (place: string): string =>
  `select queue, '${place}' as place from (select queue from humdrum.${place} limit $2) as ${place}`;
const countIn = (place: string): string =>
  `(select count(*) from elsewhere where elsewhere.queue = named.queue and place = '${place}')`;

// Queues that have ready jobs are found by steps along the index: `ready` may be long. The other places have no index by queue,
// so a bounded number of their rows is counted.
const QUEUES = `
with recursive clock as materialized (select humdrum.clock() as now),
step as (
  (select queue from humdrum.ready order by queue limit 1)
  union all
  select (select queue from humdrum.ready where queue > step.queue order by queue limit 1) from step where step.queue is not null
),
elsewhere as materialized (
  ${['later', 'parked', 'failed'].map(scanned).join('\n  union all ')}
),
running as materialized (
  select job.queue from humdrum.lease cross join lateral unnest(jobs, attempts) as held (job_id, number)
  cross join lateral (select queue from humdrum.job where job.id = held.job_id offset 0) as job
  where not exists (select from humdrum.attempt where attempt.job_id = held.job_id and attempt.number = held.number)
),
full_place as materialized (
  select count(*) >= $2 as is_full from elsewhere group by place
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
  ready.count >= $2 or exists (select from full_place where is_full) as capped,
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

/** All queues that there are: those given here, and whichever has jobs, workers or a limit. */
export async function listQueues(db: Queryable, known: readonly string[]): Promise<QueueSummary[]> {
  const { rows } = await db.query<Row>(QUEUES, [known, MOST_COUNTED]);
  return rows.map(({ concurrency, tokens, perMs, ...row }) => {
    const rate = tokens === null || perMs === null ? null : { tokens, perMs };
    const limit = { ...(concurrency !== null && { concurrency }), ...(rate && { rate }) };
    return { ...row, limit: concurrency === null && !rate ? null : limit };
  });
}
