import type { Queryable } from '../../database/database.ts';
import { clamp } from '../base/clamp.ts';

export interface Execution {
  jobId: number;
  name: string;
  attempt: number;
  startedAt: Date;
  completedAt: Date;
  success: boolean;
  durationMs: number;
  error: string | null;
}

/** Attempts, latest first. `limit`: 1 to 100. */
export async function executionHistory(db: Queryable, limit = 20): Promise<Execution[]> {
  const { rows } = await db.query<Execution>(
    `select job_id as "jobId", type as name, number as attempt, started_at as "startedAt", finished_at as "completedAt",
       status = 'completed' as success, error_message as error,
       round((extract(epoch from finished_at - started_at) * 1000)::numeric)::float8 as "durationMs"
     from (select * from humdrum.attempt order by finished_at desc, job_id desc limit $1) as latest
     join humdrum.job on job.id = job_id
     order by finished_at desc, job_id desc, number desc`,
    [clamp(limit, 1, 100)],
  );
  return rows;
}
