import type { Place } from './page-queries.ts';
import type { LeaderboardType } from './rules.ts';

/** Reads leaderboards. Ranks start at 1. Errors of all methods: `input-invalid`. */
export interface Leaderboard {
  /** The first `count` places, from 1 to 1,000. */
  top(type: LeaderboardType, count: number): Promise<Place[]>;
  /** Null if the player is not on this board. */
  placeOf(type: LeaderboardType, userId: string): Promise<Place | null>;
  /** The player with up to `reach` (1 to 500) neighbours on each side. Empty if the player is not on this board. */
  neighboursOf(type: LeaderboardType, userId: string, reach: number): Promise<Place[]>;
  /** Closes the Redis connection. Your PostgreSQL connection stays open. */
  close(): void;
}

/** A read that fell back from Redis to PostgreSQL. */
export interface Fallback {
  readonly type: LeaderboardType;
  /** `outdated`: Redis has no copy of the current board. */
  readonly reason: 'unreachable' | 'outdated';
}

export interface LeaderboardOptions {
  /** Called for each read that Redis could not answer. */
  onFallback?: (fallback: Fallback) => void;
}
