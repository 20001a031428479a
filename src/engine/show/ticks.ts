import type { Queryable } from '../../database/database.ts';
import { clamp } from '../base/clamp.ts';
import type { Status } from '../job/lifecycle.ts';

/** A past tick of a schedule, and its job. */
export interface PastTick {
  at: Date;
  /** Null if the tick was skipped: the job of an earlier tick had not ended. */
  jobId: number | null;
  /** Null if there is no job, or its history was dropped. */
  status: Status | null;
}

// OFFSET 0 pins the plan: first the ticks, then each job by its key.
const TICKS = `
select past.at, past.job_id as "jobId", job.status
from (
  select at, job_id from humdrum.tick where schedule = $1 and at < $2::timestamptz order by at desc limit $3
) as past left join lateral (select status from humdrum.jobs where jobs.id = past.job_id offset 0) as job on true
order by past.at desc`;

/** The latest ticks of a schedule, or the latest before an instant. `limit`: 1 to 1,000. */
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
