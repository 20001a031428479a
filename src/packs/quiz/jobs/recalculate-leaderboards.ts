import { z } from 'zod';
import type { Context } from '../../../engine/job/context.ts';
import { defineJob } from '../../../engine/job/define-job.ts';
import type { JobType } from '../../../engine/job/job-type.ts';
import { type BoardResult, makeBoard } from '../boards.ts';
import { LEADERBOARDS as LOCK } from '../limits.ts';
import { LEADERBOARDS, type LeaderboardType } from '../rules.ts';
import { leftOut, many } from '../walk.ts';

export interface RecalculateLeaderboardsResult {
  message: string;
  /** Rows added, moved and removed on all boards. */
  affected: number;
  details: { boards: Record<LeaderboardType, BoardResult>; errorCount: number };
}

/** `publish`: the job that copies the boards to Redis, or null without Redis. */
export function recalculateLeaderboards(publish: JobType | null): JobType {
  return defineJob({
    type: 'quiz.recalculate-leaderboards',
    description: 'Recalculates the global, weekly and monthly leaderboards from the XP earned.',
    input: z.object({}).strict(),
    schedule: { cron: '0 * * * *' },
    limits: [LOCK],
    health: { everyMs: 65 * 60_000, expectMs: 5 * 60_000 },
    timeoutMs: 30 * 60_000,
    run: (ctx) => recalculate(ctx, publish),
  });
}

async function recalculate(
  ctx: Context,
  publish: JobType | null,
): Promise<RecalculateLeaderboardsResult> {
  ctx.log('Recalculating the leaderboards', { now: ctx.now.toISOString() });
  const boards = {
    global: await makeBoard(ctx, 'global'),
    weekly: await makeBoard(ctx, 'weekly'),
    monthly: await makeBoard(ctx, 'monthly'),
  };
  const all = LEADERBOARDS.map((type) => boards[type]);
  const affected = all.reduce((sum, { changed }) => sum + changed, 0);
  const errorCount = all.reduce((sum, one) => sum + one.errorCount, 0);
  if (publish) await ctx.enqueue(publish, {});
  const players = many(boards.global.players, 'player');
  const rows = many(affected, 'row');
  const message = `Placed ${players}: ${rows} changed.${leftOut(errorCount, 'row')}`;
  ctx.log(message);
  return { message, affected, details: { boards, errorCount } };
}
