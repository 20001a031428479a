import { z } from 'zod';
import type { Database, Transaction } from '../../database/database.ts';
import { HumdrumError } from '../../errors.ts';
import { checked, instant, whole } from './input.ts';
import {
  anyGame,
  makeEntries,
  makeOrphans,
  makePayments,
  makePools,
  makeSessions,
} from './sample-queries.ts';

const SAMPLE_GAMES = 2_000;
/** A Monday at midnight, when the pools of the previous day and week are due to be finalized. */
const SAMPLE_UNTIL = new Date('2026-01-26T00:00:00Z');
const DAYS = 120;
const DAY_MS = 86_400_000;
const GAMES_PER_STATEMENT = 100_000;

const sampleOptions = z.strictObject({
  games: whole(1, 1_000_000),
  /** End of the 120 days of games. Default: 2026-01-26, 00:00 UTC. */
  until: instant.default(SAMPLE_UNTIL),
});

export type SampleOptions = z.input<typeof sampleOptions>;

/** Fills an empty pack with 2,000 games of 120 days. No pools are finalized. */
export async function loadSample(db: Database): Promise<string | null> {
  return db.transaction(async (tx) => ((await anyGame(tx)) ? null : fill(tx, SAMPLE_GAMES)));
}

/**
 * Fills an empty pack with any number of games: paid and scored, abandoned, never paid, and leaderboard entries without a
 * session. The same options give the same games on every machine. Errors: `input-invalid`, `action-refused` if the pack is not
 * empty.
 */
export async function fillSample(db: Database, options: SampleOptions): Promise<string> {
  const { games, until } = checked('fillSample', sampleOptions, options);
  return db.transaction(async (tx) => {
    if (await anyGame(tx)) {
      throw new HumdrumError(
        'action-refused',
        'The pack already contains games. Sample data needs an empty pack.',
      );
    }
    return fill(tx, games, until);
  });
}

async function fill(tx: Transaction, games: number, until = SAMPLE_UNTIL): Promise<string> {
  const players = Math.max(20, Math.floor(games / 20));
  const orphans = Math.ceil(games / 1_000);
  const shape = { games, players, from: new Date(until.getTime() - DAYS * DAY_MS), until };
  for (let first = 1; first <= games; first += GAMES_PER_STATEMENT) {
    const last = Math.min(games, first + GAMES_PER_STATEMENT - 1);
    await makeSessions(tx, shape, first, last);
    await makePayments(tx, first, last);
  }
  await makePools(tx);
  await makeEntries(tx);
  await makeOrphans(tx, orphans, shape.from);
  const [n, m] = [games, players].map((count) => count.toLocaleString('en-US'));
  return `${n} games by ${m} players in ${DAYS} days`;
}
