import { expect } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { earnedIn, placed, startOf, type EventRow, type PlayerRow } from './oracle.ts';
import { after } from './support.ts';

type Periodic = 'weekly' | 'monthly';

/** 1st of September 2025: a Monday, on which week and month begin. */
export const BEGIN = new Date('2025-09-01T00:00:00Z');

export async function rowsOf<Row>(db: Database, sql: string): Promise<Row[]> {
  return (await db.query<Row>(sql)).rows;
}

interface Past {
  all: readonly PlayerRow[];
  events: readonly EventRow[];
}

/** Runs one after the other. Answers when each board was made last, and which periods have been archived, by their ends. */
export async function take(
  steps: readonly { name: string; afterMs: number }[],
  run: (type: string, at: Date) => Promise<unknown>,
) {
  const made = new Map<string, Date>();
  const archived = new Map<string, { type: Periodic; end: Date }>();
  let at = BEGIN;
  for (const { name, afterMs } of steps) {
    at = after(at, afterMs);
    await run(`quiz.${name}`, at);
    const periodic = /^reset-(weekly|monthly)/.exec(name)?.[1] as Periodic | undefined;
    for (const type of periodic ? [periodic] : ['global', 'weekly', 'monthly']) made.set(type, at);
    if (!periodic) continue;
    const end = startOf(periodic, at);
    archived.set(`${periodic} ${end.toISOString()}`, { type: periodic, end });
  }
  return { made, archived: [...archived.values()] };
}

export async function expectBoards(
  db: Database,
  { all, events }: Past,
  made: Map<string, Date>,
): Promise<void> {
  for (const [type, now] of made) {
    const scores =
      type === 'global' ? all : earnedIn(all, events, startOf(type as Periodic, now), now);
    const sql = `select user_id, score, xp_at, rank from quiz.ranking where type = '${type}' order by rank`;
    expect(await rowsOf(db, sql), type).toEqual(placed(scores));
  }
}

export async function expectArchives(
  db: Database,
  { all, events }: Past,
  archived: readonly { type: Periodic; end: Date }[],
): Promise<void> {
  const expected = archived.map(({ type, end }) => {
    const start = startOf(type, after(end, -1));
    const entries = placed(earnedIn(all, events, start, end)).filter(({ score }) => score > 0);
    return { type, start, entries };
  });
  const heads = await rowsOf(
    db,
    'select type, period_start as start, players from quiz.ranking_archive order by type, start',
  );
  const order = (one: { type: string; start: Date }): string =>
    `${one.type} ${one.start.toISOString()}`;
  expect(heads).toEqual(
    expected
      .map(({ type, start, entries }) => ({ type, start, players: entries.length }))
      .toSorted((a, b) => (order(a) < order(b) ? -1 : 1)),
  );
  for (const { type, start, entries } of expected) {
    const sql = `select user_id, score, xp_at, rank from quiz.ranking_archive_entry
      where type = '${type}' and period_start = '${start.toISOString()}' order by rank`;
    expect(await rowsOf(db, sql), type).toEqual(entries);
  }
}
