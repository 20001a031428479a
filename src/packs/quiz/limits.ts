import type { LimitRule } from '../../engine/job/limit-rule.ts';

/** One of the jobs that write leaderboards at a time. The resets go first, by their priority. */
export const LEADERBOARDS = 'quiz.leaderboards';

/** One job at a time copies leaderboards to Redis. */
export const LEADERBOARD_CACHE = 'quiz.leaderboard-cache';

/** Protections of a player go day by day. */
export const STREAKS_IN_ORDER = 'quiz.streaks';

export const LIMITS: Readonly<Record<string, LimitRule>> = {
  [LEADERBOARDS]: { concurrency: 1 },
  [LEADERBOARD_CACHE]: { concurrency: 1 },
  [STREAKS_IN_ORDER]: { ordered: true },
};
