import { z } from 'zod';
import { defineJob } from '../job/define-job.ts';
import { sealLog } from '../audit/seal-log.ts';

export const sealAudit = defineJob({
  type: 'humdrum.seal-audit',
  description: 'Seals the audit, so that later changes to its rows are detected.',
  input: z.object({}),
  schedule: { cron: '0 * * * *' },
  retry: { attempts: 3, delayMs: 60_000 },
  atomic: false,
  async run(ctx) {
    const { seals, rows, held } = await sealLog(ctx.db, { signal: ctx.signal });
    const rest = held ? '; open transactions hold the newest back' : '';
    return { seals, rows, held, message: `Sealed ${rows} rows${rest}.` };
  },
});
