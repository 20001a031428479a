import type { Place } from './page-queries.ts';
import type { LeaderboardType } from './rules.ts';

/** Reads leaderboards. Ranks count from 1. Errors of all its methods: `input-invalid`. */
export interface Leaderboard {
  /** The first `count` places, from 1 to 1,000. */
  top(type: LeaderboardType, count: number): Promise<Place[]>;
  /** Null: the player is not on this board. */
  placeOf(type: LeaderboardType, userId: string): Promise<Place | null>;
  /** The player with up to `reach` neighbours on each side, from 1 to 500. Empty: the player is not on this board. */
  neighboursOf(type: LeaderboardType, userId: string, reach: number): Promise<Place[]>;
  /** Ends its connections. That to PostgreSQL stays open: it is yours. */
  close(): void;
}

/** A read that Redis should have answered and PostgreSQL has. */
export interface Fallback {
  readonly type: LeaderboardType;
  /** `outdated`: Redis has no copy of the board as it is now. */
  readonly reason: 'unreachable' | 'outdated';
}

export interface LeaderboardOptions {
  /** Told of each read that Redis could not answer. */
  onFallback?: (fallback: Fallback) => void;
}
