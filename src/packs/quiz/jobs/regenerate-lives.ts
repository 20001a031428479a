import { z } from 'zod';
import type { Context } from '../../../engine/job/context.ts';
import { defineJob } from '../../../engine/job/define-job.ts';
import { addLives, playersDueALife } from '../queries.ts';
import { leftOut, many, walk, type RowError } from '../walk.ts';

export interface RegenerateLivesResult {
  message: string;
  /** Lives given. */
  affected: number;
  details: { errors: RowError[]; errorCount: number };
}

export const regenerateLives = defineJob({
  type: 'quiz.regenerate-lives',
  description: 'Gives a life to each player who has fewer than 5 and has waited for 30 minutes.',
  input: z.object({}).strict(),
  // One life per tick. After an outage each missed tick still gives its life, in order.
  schedule: { cron: '*/30 * * * *', misfire: 'each', misfireLimit: 10, overlap: 'queue' },
  health: { everyMs: 35 * 60_000, expectMs: 5 * 60_000 },
  timeoutMs: 15 * 60_000,
  run: regenerate,
});

async function regenerate(ctx: Context): Promise<RegenerateLivesResult> {
  ctx.log('Looking for players who are due a life', { now: ctx.now.toISOString() });
  const { affected, errors, errorCount } = await walk(ctx, {
    page: (page) => playersDueALife(ctx.db, ctx.now, page),
    change: (db, stretch) => addLives(db, ctx.now, stretch),
  });
  const message = `Gave ${many(affected, 'life', 'lives')}.${leftOut(errorCount, 'player')}`;
  ctx.log(message);
  return { message, affected, details: { errors, errorCount } };
}
