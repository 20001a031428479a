import { z } from 'zod';
import type { Database } from '../../database/database.ts';
import { defineJob } from '../job/define-job.ts';
import type { JobType } from '../job/job-type.ts';
import { dropHistory, previewRetention } from '../upkeep/retention.ts';

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
      const { cancelled, dropped, inUse } = ctx.rehearsal
        ? await previewRetention(database, keepMs)
        : await dropHistory(database, { keepMs, actor: `job:${ctx.job.id}` });
      const later =
        inUse > 0 ? ` In use by other transactions, so left for the next run: ${inUse}.` : '';
      const message = `Parts of the history dropped: ${dropped}. Failed jobs cancelled: ${cancelled}.${later}`;
      return { cancelled, dropped, inUse, message };
    },
  });
}
