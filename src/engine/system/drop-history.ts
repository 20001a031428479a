import { z } from 'zod';
import type { Database } from '../../database/database.ts';
import { defineJob } from '../job/define-job.ts';
import type { JobType } from '../job/job-type.ts';
import { dropHistory } from '../upkeep/retention.ts';

/** The job that applies `history.keepDays`. */
export function dropHistoryAfter(database: Database, keepMs: number): JobType {
  return defineJob({
    type: 'humdrum.drop-history',
    description: 'Drops the history of jobs that ended longer ago than it is kept.',
    input: z.object({}),
    schedule: { cron: '20 4 * * *' },
    retry: { attempts: 5, delayMs: 60_000 },
    atomic: false,
    async run(ctx) {
      if (ctx.rehearsal) return { message: 'A rehearsal drops nothing.' };
      const actor = `job:${ctx.job.id}`;
      const { cancelled, dropped } = await dropHistory(database, { keepMs, actor });
      return { cancelled, dropped, message: `Dropped ${dropped} parts of the history.` };
    },
  });
}
