// The rules of the game. The tables enforce the same bounds: see migrations/quiz.
export const MAX_LIVES = 5;
export const LIFE_REGEN_MINUTES = 30;
export const SESSION_TIMEOUT_MINUTES = 10;
export const STREAK_HOURS = 48;
export const MAX_PROTECTIONS = 2;

export const LEADERBOARDS = ['global', 'weekly', 'monthly'] as const;
export type LeaderboardType = (typeof LEADERBOARDS)[number];

/** Boards that are reset periodically. */
export type PeriodicType = Exclude<LeaderboardType, 'global'>;

/** Includes `start`, excludes `end`. */
export interface Period {
  readonly start: Date;
  readonly end: Date;
}

const DAY_MS = 86_400_000;

/** 00:00 UTC of the day of `at`. */
export function dayOf(at: Date): Date {
  return new Date(Math.floor(at.getTime() / DAY_MS) * DAY_MS);
}

/** The week (from Monday 00:00 UTC) or month (from the 1st, 00:00 UTC) that `at` is in. */
export function periodOf(type: PeriodicType, at: Date): Period {
  if (type === 'monthly') return monthOf(at.getUTCFullYear(), at.getUTCMonth());
  const daysSinceMonday = (at.getUTCDay() + 6) % 7;
  const startMs = dayOf(at).getTime() - daysSinceMonday * DAY_MS;
  return { start: new Date(startMs), end: new Date(startMs + 7 * DAY_MS) };
}

/** The last period that had ended at `at`. */
export function periodBefore(type: PeriodicType, at: Date): Period {
  const { start } = periodOf(type, at);
  return periodOf(type, new Date(start.getTime() - 1));
}

function monthOf(year: number, month: number): Period {
  return { start: new Date(Date.UTC(year, month)), end: new Date(Date.UTC(year, month + 1)) };
}
