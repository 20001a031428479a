import type { Database, Queryable } from '../../database/database.ts';
import { readClock } from '../../engine/base/clock.ts';
import { seededRandom } from '../../engine/base/random.ts';
import { HumdrumError } from '../../errors.ts';
import {
  addLivesOfPlayers,
  addPlayers,
  addSessions,
  addXpEvents,
  anyPlayer,
  EVENTS_PER_PLAYER,
  PLAYERS_PER_SESSION,
} from './sample-queries.ts';
import { many } from './walk.ts';

const SAMPLE_PLAYERS = 1_000;
const SAMPLE_SEED = 'quiz sample';
const PLAYERS_PER_SET = 50_000;
const MOST_PLAYERS = 1_000_000;

export interface SeedOptions {
  /** From 1 to 1,000,000. */
  players: number;
  seed: string;
  /** Reference time: rows are late, due or expired as of it. */
  at: Date;
}

export interface SeedResult {
  players: number;
  sessions: number;
  xpEvents: number;
}

/** Fills empty tables with generated players. The same options give the same players on every machine. Errors: `input-invalid`. */
export async function seed(db: Database, options: SeedOptions): Promise<SeedResult> {
  const { players } = options;
  if (!Number.isInteger(players) || players < 1 || players > MOST_PLAYERS) {
    throw new HumdrumError(
      'input-invalid',
      `players must be a whole number from 1 to ${MOST_PLAYERS}.`,
    );
  }
  return db.transaction((tx) => seedWithin(tx, options));
}

/** Fills an empty pack with a thousand players as of now, by the database's clock. */
export async function loadSample(db: Database): Promise<string | null> {
  return db.transaction(async (tx) => {
    if (await anyPlayer(tx)) return null;
    const at = await readClock(tx);
    const options = { players: SAMPLE_PLAYERS, seed: SAMPLE_SEED, at };
    const { players, sessions, xpEvents } = await seedWithin(tx, options);
    return `${many(players, 'quiz player')}, ${many(sessions, 'session')}, ${many(xpEvents, 'XP event')}`;
  });
}

async function seedWithin(
  tx: Queryable,
  { players, seed: text, at }: SeedOptions,
): Promise<SeedResult> {
  const number = Math.floor(seededRandom(text)() * 2 ** 31);
  for (let first = 1; first <= players; first += PLAYERS_PER_SET) {
    const last = Math.min(players, first + PLAYERS_PER_SET - 1);
    const set = { first, last, seed: number, at };
    await addPlayers(tx, set);
    await addLivesOfPlayers(tx, set);
    await addSessions(tx, set);
    await addXpEvents(tx, set);
  }
  return {
    players,
    sessions: Math.floor(players / PLAYERS_PER_SESSION),
    xpEvents: players * EVENTS_PER_PLAYER,
  };
}
