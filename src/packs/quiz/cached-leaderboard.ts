import type { Queryable } from '../../database/database.ts';
import { readBoard } from './board-queries.ts';
import type { Place } from './page-queries.ts';
import type { Fallback, Leaderboard } from './leaderboard.ts';
import type { Cache } from './options.ts';
import { editionOf, keysOf, readPlaces, type Stretch } from './redis-board.ts';
import { RedisReader } from './redis-client.ts';
import type { LeaderboardType } from './rules.ts';

/**
 * Reads leaderboards from Redis. PostgreSQL knows the current edition, and is read instead if Redis does not have it, so that a
 * board from before the last recalculation or reset is never shown.
 */
export class CachedLeaderboard implements Leaderboard {
  readonly #db: Queryable;
  readonly #keyPrefix: string;
  readonly #redis: RedisReader;
  readonly #stored: Leaderboard;
  readonly #onFallback: (fallback: Fallback) => void;

  constructor(
    db: Queryable,
    { url, keyPrefix }: Cache,
    stored: Leaderboard,
    onFallback: (fallback: Fallback) => void,
  ) {
    this.#db = db;
    this.#keyPrefix = keyPrefix;
    this.#redis = new RedisReader(url);
    this.#stored = stored;
    this.#onFallback = onFallback;
  }

  async top(type: LeaderboardType, count: number): Promise<Place[]> {
    const places = await this.#read(type, { first: 0, last: count - 1 });
    return places ?? this.#stored.top(type, count);
  }

  async placeOf(type: LeaderboardType, userId: string): Promise<Place | null> {
    const places = await this.#read(type, { first: 0, last: 0, around: userId });
    return places ? (places[0] ?? null) : this.#stored.placeOf(type, userId);
  }

  async neighboursOf(type: LeaderboardType, userId: string, reach: number): Promise<Place[]> {
    const places = await this.#read(type, { first: -reach, last: reach, around: userId });
    return places ?? this.#stored.neighboursOf(type, userId, reach);
  }

  close(): void {
    this.#redis.close();
  }

  async #read(type: LeaderboardType, stretch: Stretch): Promise<Place[] | null> {
    const board = await readBoard(this.#db, type);
    // Empty boards are not copied to Redis.
    if (!board || board.players === 0) return null;
    const keys = keysOf(this.#keyPrefix, type);
    const answer = await this.#redis.ask(async (client) => ({
      places: await readPlaces(client, keys, editionOf(board), stretch),
    }));
    if (answer?.places) return answer.places;
    this.#onFallback({ type, reason: answer ? 'outdated' : 'unreachable' });
    return null;
  }
}
