import { expect } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { createHumdrum, type Pack } from '../../../src/index.ts';
import { quiz } from '../../../src/packs/quiz/index.ts';

/** A Monday. */
export const MONDAY = new Date('2025-03-24T00:00:00Z');

export const minutes = (count: number): number => count * 60_000;
export const hours = (count: number): number => minutes(60 * count);
export const after = (at: Date | string, ms: number): Date => new Date(new Date(at).getTime() + ms);

interface Ran<Result> {
  result: Result;
  events: { name: string; data: unknown }[];
}

/** Runs a job of the pack as the engine runs it. Fails the test where the job fails. */
export async function runJob<Result = { affected: number; details: Record<string, unknown> }>(
  db: Database,
  type: string,
  at: Date,
  { input = {}, pack = quiz }: { input?: object; pack?: Pack } = {},
): Promise<Ran<Result>> {
  const humdrum = await createHumdrum({ database: db, packs: [pack] });
  const { succeeded, outcome } = await humdrum.run(type, input, { at });
  expect(succeeded, JSON.stringify(outcome.ended)).toBe(true);
  const { result } = outcome.ended as unknown as { result: Result };
  return { result, events: outcome.effects.map(({ name, data }) => ({ name, data })) };
}

export interface Player {
  id: string;
  xp?: number;
  xpAt?: Date | string | null;
  streak?: number;
  lastQuizAt?: Date | string | null;
  protections?: number;
}

export async function addPlayers(db: Database, ...players: (Player | string)[]): Promise<void> {
  for (const player of players) {
    const { id, xp = 0, xpAt, streak = 0, lastQuizAt, protections = 0 } = asPlayer(player);
    await db.query(
      `insert into quiz.player_progress (user_id, username, xp, xp_at, current_streak, longest_streak, last_quiz_at,
         protections_remaining) values ($1, $2, $3, $4, $5, $5, $6, $7)`,
      [
        id,
        id.toUpperCase(),
        xp,
        xpAt ?? (xp > 0 ? MONDAY : null),
        streak,
        lastQuizAt ?? null,
        protections,
      ],
    );
  }
}

function asPlayer(player: Player | string): Player {
  return typeof player === 'string' ? { id: player } : player;
}

export async function addLives(
  db: Database,
  id: string,
  lives: number,
  nextAt: Date | string | null,
): Promise<void> {
  await addPlayers(db, id);
  await db.query(`insert into quiz.lives values ($1, $2, null, $3)`, [id, lives, nextAt]);
}

export async function earn(db: Database, id: string, xp: number, at: Date | string): Promise<void> {
  await db.query(`insert into quiz.xp_event (user_id, xp, at) values ($1, $2, $3)`, [id, xp, at]);
}

export async function addSession(
  db: Database,
  { id, user, expiresAt }: { id: string; user: string; expiresAt: Date | string },
): Promise<void> {
  await db.query(
    `insert into quiz.quiz_session (id, user_id, status, started_at, expires_at)
     values ($1, $2, 'active', $3, $4)`,
    [id, user, after(expiresAt, -minutes(10)), expiresAt],
  );
}

/** Of a board: `ada 30 #1`, in the order of ranks. */
export async function boardOf(db: Database, type: string): Promise<unknown[]> {
  return valuesOf(
    db,
    `select user_id || ' ' || score || ' #' || rank from quiz.ranking where type = '${type}' order by rank, user_id`,
  );
}

/** Of an archived period: `ada 30 #1`. */
export async function archiveOf(db: Database, type: string, start: string): Promise<unknown[]> {
  return valuesOf(
    db,
    `select user_id || ' ' || score || ' #' || rank from quiz.ranking_archive_entry
     where type = '${type}' and period_start = '${start}' order by rank`,
  );
}

const TABLES = [
  'player_progress',
  'lives',
  'quiz_session',
  'xp_event',
  'board',
  'ranking',
  'ranking_archive',
  'ranking_archive_entry',
];

/** Every row of every table of the pack, in an order of its own. */
export async function contents(db: Database): Promise<Record<string, unknown[]>> {
  const all: Record<string, unknown[]> = {};
  for (const table of TABLES) {
    const { rows } = await db.query(`select * from quiz.${table} as it order by it::text`);
    all[table] = rows;
  }
  return all;
}

export async function emptyAll(db: Database): Promise<void> {
  const names = TABLES.map((table) => `quiz.${table}`).join(', ');
  await db.query(`truncate ${names}`);
}

/** All values of all rows, one after the other. */
export async function valuesOf(db: Database, sql: string): Promise<unknown[]> {
  const { rows } = await db.query(sql);
  return rows.flatMap((row) => Object.values(row));
}
