import { z } from 'zod';
import type { Context } from '../../../engine/job/context.ts';
import { defineJob } from '../../../engine/job/define-job.ts';
import type { JobType } from '../../../engine/job/job-type.ts';
import { type Game, GAMES, type Period, PERIODS } from '../game.ts';
import type { Settings } from '../options.ts';
import { rankedEntries } from '../queries.ts';
import { dateOf, periodDateOf } from '../rules.ts';

export function validateLeaderboards({ enableLeaderboardJob, timezone }: Settings): JobType {
  return defineJob({
    type: 'arcade.validate-leaderboards',
    aliases: ['leaderboard'],
    description:
      'Reads the top of every leaderboard, as players do, and reports those that cannot be read.',
    input: z.strictObject({}),
    ...(enableLeaderboardJob && {
      schedule: { cron: '0 * * * *', timeZone: timezone },
      health: { everyMs: 65 * 60_000 },
    }),
    run: validate,
  });
}

interface Board {
  game: Game;
  period: Period;
  periodDate: string;
}

export interface BoardError extends Board {
  error: string;
}

export interface LeaderboardsResult {
  message: string;
  /** Always 0: the job only reads. */
  affected: 0;
  details: {
    leaderboards: number;
    /** Boards that have a top entry. */
    entries: number;
    errors: BoardError[];
    errorCount: number;
  };
}

async function validate(ctx: Context): Promise<LeaderboardsResult> {
  const boards = boardsOn(dateOf(ctx.now));
  ctx.log(`Starting leaderboard validation: ${boards.length} leaderboards`);
  let entries = 0;
  const report = await ctx.forEach(boards, async ({ game, period, periodDate }, db) => {
    const top = await rankedEntries(db, game, period, periodDate, 1);
    entries += top.length;
    ctx.log(`Validated ${game} ${period}: ${top.length} entries`);
  });
  const errors = report.failed.map(({ item, error }) => ({ ...item, error }));
  for (const failed of errors) {
    ctx.emit('arcade.leaderboard-failed', { ...failed });
    ctx.log(`Cannot read ${failed.game} ${failed.period}: ${failed.error}`);
  }
  const message = `Leaderboards processed: ${boards.length}. Entries validated: ${entries}. Errors: ${errors.length}.`;
  ctx.log(message);
  const details = { leaderboards: boards.length, entries, errors, errorCount: errors.length };
  return { message, affected: 0, details };
}

/** The boards shown on this day. */
function boardsOn(today: string): Board[] {
  return GAMES.flatMap((game) =>
    PERIODS.map((period) => ({ game, period, periodDate: periodDateOf(period, today) })),
  );
}
