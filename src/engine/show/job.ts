import type { Queryable } from '../../database/database.ts';
import { HumdrumError } from '../../errors.ts';
import type { AuditRow } from '../audit/entry.ts';
import { auditOf } from '../audit/of-job.ts';
import type { Json } from '../base/json.ts';
import { type Action, allowedActions, type Status } from '../job/lifecycle.ts';
import type { Effect, LogLine } from '../job/outcome.ts';
import { conceal } from '../job/secrets.ts';
import { type JobSummary, SUMMARY } from '../search/job-summary.ts';

export interface AttemptRecord {
  number: number;
  status: Status;
  worker: string | null;
  startedAt: Date;
  finishedAt: Date;
  result: Json;
  errorClass: string | null;
  errorMessage: string | null;
  errorStack: string | null;
  log: LogLine[] | null;
}

/** An attempt that began, or may have, and is not counted. */
export interface Loss {
  attempt: number;
  at: Date;
  worker: string | null;
  reason: string;
}

export interface JobDetail extends JobSummary {
  /** The full error message of the last attempt. */
  errorMessage: string | null;
  input: Json;
  /** The job that waits or waited for this one. */
  parentId: number | null;
  actions: readonly Action[];
  attemptRecords: AttemptRecord[];
  /** Attempts that are not counted: their worker was lost while it held other jobs, or the database was away. */
  losses: Loss[];
  effects: Effect[];
  audit: AuditRow[];
}

/** One job with everything recorded about it. Errors: `job-not-found`. */
export async function showJob(db: Queryable, id: number): Promise<JobDetail> {
  const jobs = await db.query<JobSummary & Pick<JobDetail, 'input' | 'parentId'>>(
    `select ${SUMMARY}, input, parent_id as "parentId" from humdrum.jobs where id = $1`,
    [id],
  );
  const [job] = jobs.rows;
  if (!job) throw new HumdrumError('job-not-found', `There is no job ${id}.`);
  const attempts = await db.query<AttemptRecord>(
    `select number, status, worker.name as worker, attempt.started_at as "startedAt", finished_at as "finishedAt", result,
       error_class as "errorClass", error_message as "errorMessage", error_stack as "errorStack", log
     from humdrum.attempt left join humdrum.worker on worker.id = worker_id where job_id = $1 order by number`,
    [id],
  );
  const losses = await db.query<Loss>(
    `select number as attempt, at, worker.name as worker, reason
     from humdrum.loss left join humdrum.worker on worker.id = worker_id where job_id = $1 order by ordinal`,
    [id],
  );
  const effects = await db.query<Effect>(
    'select kind, name, data from humdrum.effect where job_id = $1 order by ordinal',
    [id],
  );
  return {
    ...job,
    errorMessage: attempts.rows.at(-1)?.errorMessage ?? null,
    input: conceal(job.input),
    actions: allowedActions(job.status),
    attemptRecords: attempts.rows,
    losses: losses.rows,
    effects: effects.rows,
    audit: await auditOf(db, id),
  };
}
