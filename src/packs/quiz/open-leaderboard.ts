import type { Database } from '../../database/database.ts';
import { HumdrumError } from '../../errors.ts';
import { CachedLeaderboard } from './cached-leaderboard.ts';
import type { Leaderboard, LeaderboardOptions } from './leaderboard.ts';
import type { Cache } from './options.ts';
import type { Place } from './page-queries.ts';
import { PostgresLeaderboard } from './postgres-leaderboard.ts';
import { LEADERBOARDS, type LeaderboardType } from './rules.ts';

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

/** Validates arguments before reading. */
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
    `There is no leaderboard "${type}". Choose one of ${LEADERBOARDS.join(', ')}.`,
  );
}

function requireWhole(name: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  throw new HumdrumError(
    'input-invalid',
    `${name} must be a whole number from 1 to ${most}, not ${String(value)}.`,
  );
}

function requireId(userId: string): void {
  if (typeof userId === 'string' && userId !== '' && !userId.includes('\0')) return;
  throw new HumdrumError('input-invalid', 'userId must be the id of a player.');
}
