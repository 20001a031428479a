import type { JobType } from '../../../engine/job/job-type.ts';
import { resetLeaderboard } from '../reset.ts';

const HOUR_MS = 3_600_000;

export function resetWeeklyLeaderboard(publish: JobType | null): JobType {
  const everyMs = (7 * 24 + 1) * HOUR_MS;
  return resetLeaderboard({ type: 'weekly', cron: '0 0 * * 1', everyMs, publish });
}
