import type { Queryable } from '../database/database.ts';

/** A job that a worker holds under a lease, with the number of the attempt that it is about to make. */
export interface ClaimedJob {
  readonly id: number;
  readonly attempt: number;
  readonly leaseId: number;
  readonly type: string;
  readonly queue: string;
  readonly priority: number;
  readonly maxAttempts: number;
  readonly input: unknown;
  readonly runAt: Date;
  readonly seed: string;
}

interface Row {
  id: number;
  attempt: number;
  lease_id: number;
  type: string;
  queue: string;
  priority: number;
  max_attempts: number;
  input: unknown;
  run_at_ms: number;
  seed: string;
}

// Deleting by ctid with SKIP LOCKED takes each row once and waits for nobody. OFFSET 0 pins the look-up of each job to
// its primary key.
const claimFrom = (rows: string): string => `
with alive as materialized (
  select id as worker_id, humdrum.clock() as now from humdrum.worker where id = $1 and expires_at > humdrum.clock()
),
picked as (
  delete from humdrum.ready where ctid = any (array (${rows}))
  returning job_id, attempt, queue, priority, type
),
lease as (
  insert into humdrum.lease (id, worker_id, claimed_at, jobs, attempts)
  select nextval('humdrum.lease_id'), worker_id, now, jobs, attempts
  from alive, (select array_agg(job_id) as jobs, array_agg(attempt) as attempts from picked) as batch
  where jobs is not null
  returning id, worker_id, claimed_at
),
audit as (
  insert into humdrum.audit (at, job_id, attempt, event, actor)
  select lease.claimed_at, picked.job_id, picked.attempt, 'started', 'worker:' || lease.worker_id from picked, lease
)
select picked.job_id as id, picked.attempt, lease.id as lease_id, picked.type, picked.queue, picked.priority,
  job.max_attempts, job.input,
  (extract(epoch from job.run_at) * 1000)::float8 as run_at_ms, coalesce(job.seed, 'job:' || job.id) as seed
from picked cross join lease cross join lateral (
  select * from humdrum.job where job.id = picked.job_id offset 0
) as job
order by picked.priority, picked.job_id`;

const CLAIM_NEXT = claimFrom('select taken from alive, humdrum.next_ready($2, $3, $4) as taken');
const CLAIM_ONE = claimFrom(`
  select ready.ctid from alive, humdrum.job join humdrum.ready
    on (ready.queue, ready.priority, ready.job_id) = (job.queue, job.priority, job.id)
  where job.id = $2 for update of ready skip locked`);

/** Takes up to `limit` jobs of a queue, of the types that this worker knows. Empty when its lease has passed. */
export async function claimNext(
  db: Queryable,
  workerId: number,
  from: { queue: string; types: readonly string[]; limit: number },
): Promise<ClaimedJob[]> {
  const { rows } = await db.query<Row>(CLAIM_NEXT, [workerId, from.queue, from.types, from.limit]);
  return rows.map(toClaimedJob);
}

/** Takes one job by its id, if it may start now and nobody has it. */
export async function claimOne(
  db: Queryable,
  workerId: number,
  jobId: number,
): Promise<ClaimedJob | null> {
  const { rows } = await db.query<Row>(CLAIM_ONE, [workerId, jobId]);
  return rows[0] ? toClaimedJob(rows[0]) : null;
}

function toClaimedJob(row: Row): ClaimedJob {
  return {
    id: row.id,
    attempt: row.attempt,
    leaseId: row.lease_id,
    type: row.type,
    queue: row.queue,
    priority: row.priority,
    maxAttempts: row.max_attempts,
    input: row.input,
    runAt: new Date(row.run_at_ms),
    seed: row.seed,
  };
}
