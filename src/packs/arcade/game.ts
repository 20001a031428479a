/** In the order in which jobs process them. */
export const GAMES = ['snake', 'tetris', 'pong', 'breakout', 'space_invaders'] as const;
export type Game = (typeof GAMES)[number];

/** Periods that have prize pools. */
export const POOL_PERIODS = ['daily', 'weekly'] as const;
export type PoolPeriod = (typeof POOL_PERIODS)[number];

export const PERIODS = [...POOL_PERIODS, 'alltime'] as const;
export type Period = (typeof PERIODS)[number];

/** Key of a pool. Amounts are whole micro-USDC: 1,000,000 are one USDC. */
export interface PoolKey {
  readonly game: Game;
  readonly period: PoolPeriod;
  /** YYYY-MM-DD. For a week, its Monday. */
  readonly periodDate: string;
}

export type PoolStatus = 'active' | 'finalized' | 'paid';

/** Key of a leaderboard entry. A player has one per period. */
export interface EntryKey {
  readonly period: Period;
  readonly periodDate: string;
  readonly game: Game;
  readonly playerAddress: string;
}
