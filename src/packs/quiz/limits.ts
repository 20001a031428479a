import type { LimitRule } from '../../engine/job/limit-rule.ts';

/** One job at a time writes leaderboards. Resets go first because of their priority. */
export const LEADERBOARDS = 'quiz.leaderboards';

/** One job at a time copies leaderboards to Redis. */
export const LEADERBOARD_CACHE = 'quiz.leaderboard-cache';

/** Protections must be used in the order of days. */
export const STREAKS_IN_ORDER = 'quiz.streaks';

export const LIMITS: Readonly<Record<string, LimitRule>> = {
  [LEADERBOARDS]: { concurrency: 1 },
  [LEADERBOARD_CACHE]: { concurrency: 1 },
  [STREAKS_IN_ORDER]: { ordered: true },
};
