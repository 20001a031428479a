import type { Queryable } from '../../database/database.ts';
import { PREPARED } from '../../database/prepared.ts';
import type { ClaimedJob } from '../job/claimed-job.ts';
import { ALONE } from './alone.ts';

type Row = Omit<ClaimedJob, 'leaseId' | 'runAt' | 'seed'> & {
  /** Null if a limit had no room and the job was parked. */
  leaseId: number | null;
  runAtMs: number;
  /** Null: derived from the id. */
  seed: string | null;
};

const ADMITTED = `(not (select yes from limited) or picked.job_id = any ((select jobs from admitted)::bigint[]))`;

// If limits apply, `admit` takes their slots and tokens and parks the jobs that find no room. The jobs are read by one array
// of ids, so that only the history partitions that hold them are touched.
const claimFrom = (picked: string): string => `
with alive as materialized (
  select id as worker_id from humdrum.worker where id = $1 and lost_at is null and left_at is null
    and not exists (select from humdrum.hold)
),
${picked},
limited as materialized (
  select exists (select from picked where gate is not null)
    or exists (select from humdrum.limits where name = 'queue:' || (select queue from picked limit 1)) as yes
),
admitted as materialized (
  select humdrum.admit(min(queue), array_agg(job_id), array_agg(attempt), array_agg(type), array_agg(gate)) as jobs
  from picked where (select yes from limited)
),
lease as (
  insert into humdrum.lease (id, worker_id, claimed_at, jobs, attempts)
  select nextval('humdrum.lease_id'), worker_id, humdrum.clock(), jobs, attempts -- the time after all waiting for limits
  from alive, (select array_agg(job_id) as jobs, array_agg(attempt) as attempts from picked where ${ADMITTED}) as batch
  where jobs is not null
  returning id, worker_id, claimed_at
),
audit as (
  insert into humdrum.audit (at, job_id, attempt, event, actor)
  select lease.claimed_at, picked.job_id, picked.attempt, 'started', 'worker:' || lease.worker_id from lease, picked where ${ADMITTED}
)
select picked.job_id as id, picked.attempt, lease.id as "leaseId", job.type, job.version, job.queue, job.rank,
  job.max_attempts as "maxAttempts", job.input, date_part('epoch', job.run_at) * 1000 as "runAtMs",
  date_part('epoch', lease.claimed_at - greatest(job.run_at, job.created_at)) * 1000 as "waitedMs", job.seed, job.trace,
  case when (select yes from limited)
      or coalesce(job.unique_key, job.parent_id::text, job.on_child_failure) is not null then json_build_object(
    'unique', job.unique_key is not null, 'child', job.parent_id is not null,
    'onChildFailure', job.on_child_failure, 'gate', job.gates[1]
  ) end as ties
from picked left join lease on ${ADMITTED}
join humdrum.jobs_of((select array_agg(job_id) from picked)) as job on job.id = picked.job_id
order by picked.rank, picked.job_id`;

const CLAIM_NEXT =
  PREPARED +
  claimFrom(`
picked as materialized (
  select * from humdrum.take_ready($2, $3, coalesce((select humdrum.room_in($2, $4) from alive), 0), $5, $6)
)`);

const CLAIM_NEXT_SINGLE =
  PREPARED +
  claimFrom(`
picked as materialized (
  select * from humdrum.take_ready_before(
    $2, $3, $7, $8, coalesce((select humdrum.room_in($2, $4) from alive), 0), $5, $6
  )
)`);

const CLAIM_ALONE = claimFrom(`
picked as materialized (
  delete from humdrum.parked where job_id = any (array (
    select job_id from alive, humdrum.parked
    where gate = '${ALONE}' and queue = any ($2::text[]) and type = any ($3::text[])
      and (start_by is null or start_by > humdrum.clock()) and humdrum.room_in(queue, 1) = 1
    order by rank, job_id limit 1 for update of parked skip locked
  ))
  returning job_id, attempt, queue, rank, type, (select gates[1] from humdrum.job where job.id = parked.job_id) as gate
)`);

const CLAIM_ONE = claimFrom(`
from_ready as (
  delete from humdrum.ready where ctid = any (array (
    select ready.ctid from alive, humdrum.job join humdrum.ready
      on (ready.queue, ready.rank, ready.job_id) = (job.queue, job.rank, job.id)
    where job.id = $2 and (ready.start_by is null or ready.start_by > humdrum.clock()) and humdrum.room_in(job.queue, 1) = 1
    for update of ready skip locked
  ))
  returning job_id, attempt, queue, rank, type, gate
),
from_line as (
  delete from humdrum.parked where job_id = $2 and exists (select from alive)
    and (start_by is null or start_by > humdrum.clock()) and humdrum.room_in(queue, 1) = 1
  returning job_id, attempt, queue, rank, type, gate
),
picked as materialized (select * from from_ready union all select * from from_line)`);

/** The position of a job in its queue. */
export type QueuePosition = Pick<ClaimedJob, 'rank' | 'id'>;

const BEGINNING: QueuePosition = { rank: -2_147_483_648, id: 0 };

export interface Claim {
  jobs: ClaimedJob[];
  /** Rows taken from the queue, including those that were parked because a limit had no room. */
  taken: number;
  /** The position of the last row taken. */
  last: QueuePosition | null;
}

export interface ClaimOptions {
  queue: string;
  types: readonly string[];
  limit: number;
  /** Claims only jobs after this position. */
  after?: QueuePosition | null;
  /** Those of `types` whose jobs have a single attempt: they are claimed only among the first `free` jobs. */
  single?: { types: readonly string[]; free: number };
}

/** Claims up to `limit` jobs of these types from a queue. Empty if the worker is marked as lost or the database is held. */
export async function claimNext(
  db: Queryable,
  workerId: number,
  { queue, types, limit, after, single }: ClaimOptions,
): Promise<Claim> {
  const { rank, id } = after ?? BEGINNING;
  const params = [workerId, queue, types, limit, rank, id];
  const { rows } = single
    ? await db.query<Row>(CLAIM_NEXT_SINGLE, [...params, single.types, single.free])
    : await db.query<Row>(CLAIM_NEXT, params);
  const jobs = rows.filter(isLeased).map(toClaimedJob);
  return { jobs, taken: rows.length, last: rows.at(-1) ?? null };
}

/** Claims one job by id. Null if it may not start now or another worker has it. */
export async function claimOne(
  db: Queryable,
  workerId: number,
  jobId: number,
): Promise<ClaimedJob | null> {
  const { rows } = await db.query<Row>(CLAIM_ONE, [workerId, jobId]);
  return rows.filter(isLeased).map(toClaimedJob)[0] ?? null;
}

/** Claims a job that waits to run alone. Null if there is none, or a limit of it has no room. */
export async function claimAlone(
  db: Queryable,
  workerId: number,
  { queues, types }: { queues: readonly string[]; types: readonly string[] },
): Promise<ClaimedJob | null> {
  const { rows } = await db.query<Row>(CLAIM_ALONE, [workerId, queues, types]);
  return rows.filter(isLeased).map(toClaimedJob)[0] ?? null;
}

function toClaimedJob(row: Row & { leaseId: number }): ClaimedJob {
  return {
    id: row.id,
    attempt: row.attempt,
    leaseId: row.leaseId,
    type: row.type,
    version: row.version,
    queue: row.queue,
    rank: row.rank,
    maxAttempts: row.maxAttempts,
    input: row.input,
    runAt: new Date(row.runAtMs),
    waitedMs: row.waitedMs,
    seed: row.seed ?? `job:${row.id}`,
    trace: row.trace,
    ties: row.ties,
  };
}

function isLeased(row: Row): row is Row & { leaseId: number } {
  return row.leaseId !== null;
}
