import type { Queryable } from '../../database/database.ts';
import { clamp } from '../base/clamp.ts';
import { isSystemType } from '../job/registry.ts';

export interface Execution {
  jobId: number;
  name: string;
  attempt: number;
  startedAt: Date;
  completedAt: Date;
  success: boolean;
  /** `completedAt` minus `startedAt`. */
  durationMs: number;
  error: string | null;
}

export interface ExecutionOptions {
  /** Whether the engine's own jobs are included: seals, health checks, deliveries and others. Default: false. */
  system?: boolean;
}

/** Among so many attempts those of other jobs than the engine's own are looked for. */
const MAX_SEEN = 10_000;

// OFFSET 0 pins the plan: the latest attempts in order, and for each a look-up of its job, until there are enough.
const HISTORY = `
select job_id as "jobId", name, number as attempt, started_at as "startedAt", finished_at as "completedAt",
  status = 'completed' as success, error_message as error
from (select * from humdrum.attempt order by finished_at desc, job_id desc, number desc limit ${MAX_SEEN}) as latest
cross join lateral (select type as name from humdrum.job where job.id = latest.job_id offset 0) as job
where $2::boolean or not ${isSystemType('name')}
order by finished_at desc, job_id desc, number desc limit $1`;

/** Attempts, latest first. `limit`: 1 to 100. */
export async function executionHistory(
  db: Queryable,
  limit = 20,
  { system = false }: ExecutionOptions = {},
): Promise<Execution[]> {
  const params = [clamp(limit, 1, 100), system];
  const { rows } = await db.query<Omit<Execution, 'durationMs'>>(HISTORY, params);
  // From the times as they are shown, in whole milliseconds, so that the three agree.
  return rows.map((row) => ({
    ...row,
    durationMs: row.completedAt.getTime() - row.startedAt.getTime(),
  }));
}
