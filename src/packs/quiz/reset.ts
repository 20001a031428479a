import { z } from 'zod';
import type { Context } from '../../engine/context.ts';
import { defineJob, type JobType } from '../../engine/job-type.ts';
import { archivePeriod } from './board-queries.ts';
import { makeBoard, type BoardResult } from './boards.ts';
import { LEADERBOARDS as LOCK } from './limits.ts';
import { periodBefore, type PeriodicType } from './rules.ts';
import { leftOut, many } from './walk.ts';

export interface ResetLeaderboardResult {
  message: string;
  /** Players archived. */
  affected: number;
  details: {
    periodStart: string;
    periodEnd: string;
    /** False: the period had been archived before. */
    archived: boolean;
    /** Players whose points cannot be kept exactly. */
    unfitCount: number;
    board: BoardResult;
  };
}

interface ResetRule {
  type: PeriodicType;
  cron: string;
  /** The longest time between two ticks, and an hour. */
  everyMs: number;
  publish: JobType | null;
}

/** Ahead of the recalculation of the same instant. */
const FIRST = -10;

/**
 * A reset archives the period that has ended last, from what was earned in it, and makes the board of the new one. It
 * reads no board, so it does not matter whether a recalculation of the new period has run before it.
 */
export function resetLeaderboard({ type, cron, everyMs, publish }: ResetRule): JobType {
  return defineJob({
    type: `quiz.reset-${type}-leaderboard`,
    description: `Archives the ${type} leaderboard of the period that has ended, and begins a new one.`,
    input: z.object({}).strict(),
    // Each missed tick has a period of its own to archive.
    schedule: { cron, misfire: 'each', misfireLimit: 60 },
    priority: FIRST,
    limits: [LOCK],
    health: { everyMs, expectMs: 5 * 60_000 },
    timeoutMs: 30 * 60_000,
    run: (ctx) => reset(ctx, type, publish),
  });
}

async function reset(
  ctx: Context,
  type: PeriodicType,
  publish: JobType | null,
): Promise<ResetLeaderboardResult> {
  const { now } = ctx;
  const period = periodBefore(type, now);
  const [periodStart, periodEnd] = [period.start.toISOString(), period.end.toISOString()];
  ctx.log(`Resetting the ${type} leaderboard`, { now: now.toISOString(), periodStart, periodEnd });
  const archived = await archivePeriod(ctx.db, type, period, now);
  const board = await makeBoard(ctx, type);
  if (archived) ctx.emit('quiz.leaderboard-reset', { type, at: now.toISOString() });
  if (publish) await ctx.enqueue(publish, { types: [type] });
  const { players, unfitCount } = archived ?? { players: 0, unfitCount: 0 };
  const from = `from ${periodStart.slice(0, 10)} to ${periodEnd.slice(0, 10)}`;
  const message = archived
    ? `Archived ${many(players, 'player')} ${from} and reset the ${type} leaderboard.${leftOut(unfitCount + board.errorCount, 'player')}`
    : `The ${type} leaderboard ${from} has been archived before: nothing was reset.`;
  ctx.log(message);
  const details = { periodStart, periodEnd, archived: archived !== null, unfitCount, board };
  return { message, affected: players, details };
}
