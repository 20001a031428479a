import type { Database } from '../../database/database.ts';
import { packageFile } from '../../database/package-files.ts';
import type { Pack } from '../../engine/job/pack.ts';
import { expireSessions } from './jobs/expire-sessions.ts';
import { publishLeaderboards } from './jobs/publish-leaderboards.ts';
import { recalculateLeaderboards } from './jobs/recalculate-leaderboards.ts';
import { regenerateLives } from './jobs/regenerate-lives.ts';
import { resetMonthlyLeaderboard } from './jobs/reset-monthly-leaderboard.ts';
import { resetWeeklyLeaderboard } from './jobs/reset-weekly-leaderboard.ts';
import { updateStreaks } from './jobs/update-streaks.ts';
import type { Leaderboard, LeaderboardOptions } from './leaderboard.ts';
import { LIMITS } from './limits.ts';
import { leaderboardOn } from './open-leaderboard.ts';
import { cacheOf, type QuizOptions } from './options.ts';
import { checkRedis } from './redis-client.ts';
import { loadSample } from './sample.ts';

export interface Quiz extends Pack {
  /** Opens the leaderboards for reading, from Redis if the pack uses it. Close it when you no longer need it. */
  openLeaderboard(db: Database, options?: LeaderboardOptions): Leaderboard;
}

/** Lives, streaks, sessions and leaderboards. See README.md in this folder. Errors: `config-invalid`. */
export function defineQuiz(options: QuizOptions = {}): Quiz {
  const cache = cacheOf(options);
  const publish = cache && publishLeaderboards(cache);
  return {
    name: 'quiz',
    migrations: packageFile('migrations/quiz/'),
    limits: LIMITS,
    services: cache ? [{ name: 'redis', check: () => checkRedis(cache.url) }] : [],
    jobs: [
      regenerateLives,
      updateStreaks,
      expireSessions,
      resetWeeklyLeaderboard(publish),
      resetMonthlyLeaderboard(publish),
      recalculateLeaderboards(publish),
      ...(publish ? [publish] : []),
    ],
    loadSample,
    openLeaderboard: (db, reading) => leaderboardOn(db, cache, reading),
  };
}

/** The pack with default options: leaderboards in PostgreSQL only. */
export const quiz: Quiz = defineQuiz();

export type { Place } from './page-queries.ts';
export type { BoardResult } from './boards.ts';
export type { ExpireSessionsResult } from './jobs/expire-sessions.ts';
export type { PublishLeaderboardsResult } from './jobs/publish-leaderboards.ts';
export type { RecalculateLeaderboardsResult } from './jobs/recalculate-leaderboards.ts';
export type { RegenerateLivesResult } from './jobs/regenerate-lives.ts';
export type { UpdateStreaksResult } from './jobs/update-streaks.ts';
export type { Fallback, Leaderboard, LeaderboardOptions } from './leaderboard.ts';
export type { QuizOptions } from './options.ts';
export type { ResetLeaderboardResult } from './reset.ts';
export { seed, type SeedOptions, type SeedResult } from './sample.ts';
export type { LeaderboardType } from './rules.ts';
