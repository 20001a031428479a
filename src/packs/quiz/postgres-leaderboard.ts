import type { Queryable } from '../../database/database.ts';
import { placeOfPlayer, placesAround, topPlaces, type Place } from './page-queries.ts';
import type { Leaderboard } from './leaderboard.ts';
import type { LeaderboardType } from './rules.ts';

/** Reads leaderboards from PostgreSQL, through indexes. */
export class PostgresLeaderboard implements Leaderboard {
  readonly #db: Queryable;

  constructor(db: Queryable) {
    this.#db = db;
  }

  async top(type: LeaderboardType, count: number): Promise<Place[]> {
    return topPlaces(this.#db, type, count);
  }

  async placeOf(type: LeaderboardType, userId: string): Promise<Place | null> {
    return placeOfPlayer(this.#db, type, userId);
  }

  async neighboursOf(type: LeaderboardType, userId: string, reach: number): Promise<Place[]> {
    return placesAround(this.#db, type, userId, reach);
  }

  close(): void {
    // The caller owns the database connection.
  }
}
