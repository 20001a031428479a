import { z } from 'zod';
import type { Context } from '../../engine/job/context.ts';
import { defineJob } from '../../engine/job/define-job.ts';
import type { JobType } from '../../engine/job/job-type.ts';
import { archivePlaces, beginArchive } from './board-queries.ts';
import { type BoardResult, makeBoard } from './boards.ts';
import { LEADERBOARDS as LOCK } from './limits.ts';
import { type Rows, unfitRows, writeForEverybody } from './parts.ts';
import { type Period, periodBefore, type PeriodicType } from './rules.ts';
import { leftOut, many } from './walk.ts';

export interface ResetLeaderboardResult {
  message: string;
  /** Players archived. */
  affected: number;
  details: {
    periodStart: string;
    periodEnd: string;
    /** Null if the period was archived before. */
    archive: Rows | null;
    board: BoardResult;
    errorCount: number;
  };
}

interface ResetRule {
  type: PeriodicType;
  cron: string;
  /** The longest time between two ticks, plus an hour. */
  everyMs: number;
  publish: JobType | null;
}

/** Before the recalculation at the same time. */
const FIRST = -10;

/**
 * Archives the last period from the XP earned in it, and calculates the board of the new period. It reads no board, so a
 * recalculation of the new period may run before it.
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
  const archive = await archivePeriod(ctx, type, period);
  const board = await makeBoard(ctx, type);
  if (archive) ctx.emit('quiz.leaderboard-reset', { type, at: now.toISOString() });
  if (publish) await ctx.enqueue(publish, { types: [type] });
  const from = `from ${periodStart.slice(0, 10)} to ${periodEnd.slice(0, 10)}`;
  const errorCount = board.errorCount + (archive?.errorCount ?? 0);
  const message =
    (archive
      ? `Archived ${many(archive.changed, 'player')} ${from} and reset the ${type} leaderboard.`
      : `The ${type} leaderboard ${from} was already archived. Nothing was reset.`) +
    leftOut(errorCount, 'row');
  ctx.log(message);
  const details = { periodStart, periodEnd, archive, board, errorCount };
  return { message, affected: archive?.changed ?? 0, details };
}

/** Null if it was archived before. */
async function archivePeriod(
  ctx: Context,
  type: PeriodicType,
  period: Period,
): Promise<Rows | null> {
  if ((await beginArchive(ctx.db, type, period, ctx.now)) === null) return null;
  return writeForEverybody(ctx, type, async (tx, players) => {
    const { added, unfit, unfitCount } = await archivePlaces(tx, type, period, players);
    return { changed: added, ...unfitRows(unfit, unfitCount) };
  });
}
