import type { Database } from '../../database/database.ts';
import { HumdrumError } from '../../errors.ts';
import type { Place } from './page-queries.ts';
import { CachedLeaderboard } from './cached-leaderboard.ts';
import type { Cache } from './options.ts';
import { PostgresLeaderboard } from './postgres-leaderboard.ts';
import { LEADERBOARDS, type LeaderboardType } from './rules.ts';

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

const MOST_PLACES = 1_000;
const FARTHEST_REACH = 500;

export function leaderboardOn(
  db: Database,
  cache: Cache | null,
  { onFallback = () => undefined }: LeaderboardOptions = {},
): Leaderboard {
  const stored = new PostgresLeaderboard(db);
  return new CheckedLeaderboard(
    cache ? new CachedLeaderboard(db, cache, stored, onFallback) : stored,
  );
}

/** Refuses what cannot be meant, before it is asked. */
class CheckedLeaderboard implements Leaderboard {
  readonly #board: Leaderboard;

  constructor(board: Leaderboard) {
    this.#board = board;
  }

  async top(type: LeaderboardType, count: number): Promise<Place[]> {
    requireType(type);
    requireWhole('count', count, MOST_PLACES);
    return this.#board.top(type, count);
  }

  async placeOf(type: LeaderboardType, userId: string): Promise<Place | null> {
    requireType(type);
    requireId(userId);
    return this.#board.placeOf(type, userId);
  }

  async neighboursOf(type: LeaderboardType, userId: string, reach: number): Promise<Place[]> {
    requireType(type);
    requireId(userId);
    requireWhole('reach', reach, FARTHEST_REACH);
    return this.#board.neighboursOf(type, userId, reach);
  }

  close(): void {
    this.#board.close();
  }
}

function requireType(type: LeaderboardType): void {
  if (LEADERBOARDS.includes(type)) return;
  throw new HumdrumError(
    'input-invalid',
    `There is no leaderboard "${type}". There are ${LEADERBOARDS.join(', ')}.`,
  );
}

function requireWhole(name: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  throw new HumdrumError(
    'input-invalid',
    `${name} is a whole number from 1 to ${most}, not ${String(value)}.`,
  );
}

function requireId(userId: string): void {
  if (typeof userId === 'string' && userId !== '' && !userId.includes('\0')) return;
  throw new HumdrumError('input-invalid', 'userId is the id of a player.');
}
