import type { Queryable } from '../../database/database.ts';
import { running } from '../transitions/running.ts';

/** A process that runs jobs. */
export interface WorkerSummary {
  id: number;
  /** Host, process id, and a random suffix that makes it unique. */
  name: string;
  state: WorkerState;
  startedAt: Date;
  /** When its lease expires or expired. Null on the embedded database, where it lasts as long as the process. */
  expiresAt: Date | null;
  queues: string[];
  /** Signatures: the types with the input versions that it can run. */
  types: string[];
  runningCount: number;
  /** The first 100 running jobs, by id. */
  running: { id: number; type: string; attempt: number; since: Date }[];
}

const MAX_WORKERS = 1_000;

const WORKERS = `
with clock as materialized (select humdrum.clock() as now),
running as materialized (
  select worker_id, held.job_id as id, job.type, held.number as attempt, claimed_at as since
  from ${running()} as held
  cross join lateral (select type from humdrum.job where job.id = held.job_id offset 0) as job
)
select worker.id, worker.name, started_at as "startedAt", case when isfinite(expires_at) then expires_at end as "expiresAt", queues, types,
  case when expires_at > clock.now then 'alive' when holds.id is null then 'ended' else 'lost' end as state,
  (select count(*) from running where worker_id = worker.id) as "runningCount",
  coalesce((
    select json_agg(json_build_object('id', one.id, 'type', type, 'attempt', attempt, 'since', since) order by one.id)
    from (select * from running where worker_id = worker.id order by running.id limit 100) as one
  ), '[]') as running
from humdrum.worker cross join clock
left join (select distinct worker_id as id from humdrum.lease) as holds on holds.id = worker.id
where expires_at > clock.now - interval '1 hour' or holds.id is not null
order by worker.id desc limit ${MAX_WORKERS}`;

type Row = Omit<WorkerSummary, 'running'> & {
  running: (Omit<WorkerSummary['running'][number], 'since'> & { since: string })[];
};

/** The workers that are alive, lost, or ended in the last hour: the newest 1,000, newest first. */
export async function listWorkers(db: Queryable): Promise<WorkerSummary[]> {
  const { rows } = await db.query<Row>(WORKERS);
  return rows.map((row) => ({
    ...row,
    running: row.running.map((one) => ({ ...one, since: new Date(one.since) })),
  }));
}

/** `lost`: its lease expired, and its jobs are about to be rescued. */
export const WORKER_STATES = ['alive', 'lost', 'ended'] as const;

export type WorkerState = (typeof WORKER_STATES)[number];
