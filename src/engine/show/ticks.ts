import type { Queryable } from '../../database/database.ts';
import { clamp } from '../base/clamp.ts';
import type { Status } from '../job/lifecycle.ts';

/** An instant of a schedule that has passed, and the job that it made. */
export interface PastTick {
  at: Date;
  /** Null: it made none, since the job of an earlier tick had not ended. */
  jobId: number | null;
  /** Null: there is no job, or its history was dropped. */
  status: Status | null;
}

// OFFSET 0 pins the order of look-ups: which ticks, then each job by its key.
const TICKS = `
select past.at, past.job_id as "jobId", job.status
from (
  select at, job_id from humdrum.tick where schedule = $1 and at < $2::timestamptz order by at desc limit $3
) as past left join lateral (select status from humdrum.jobs where jobs.id = past.job_id offset 0) as job on true
order by past.at desc`;

/** The latest ticks of a schedule, those before an instant where one is given. `limit`: 1 to 1,000. */
export async function pastTicks(
  db: Queryable,
  schedule: string,
  { before, limit = 50 }: { before?: Date; limit?: number } = {},
): Promise<PastTick[]> {
  const { rows } = await db.query<PastTick>(TICKS, [
    schedule,
    before?.toISOString() ?? 'infinity',
    clamp(limit, 1, 1_000),
  ]);
  return rows;
}
