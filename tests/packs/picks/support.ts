import { expect } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { createHumdrum } from '../../../src/index.ts';
import { importGames, picks, placeBets } from '../../../src/packs/picks/index.ts';
import type { ImportGamesResult, SettleGamesResult } from '../../../src/packs/picks/index.ts';

export const HEADER =
  'season,week,date,home_team,away_team,home_score,away_score,home_line,total_line,neutral_site';

/** An instant after every game of these tests. */
export const NOW = new Date('2026-11-22T10:30:00Z');

/** Lines of `date,home,away,home score,away score,home line,total line`. */
export async function importLines(db: Database, ...lines: string[]): Promise<ImportGamesResult> {
  const rows = lines.map((line) => `2019,1,${line},false`);
  return importGames(db, { text: [HEADER, ...rows].join('\n'), name: 'games.csv' });
}

/** Three finished games, with a bet of $10 on each of their 18 sides. */
export async function threeGamesWithBets(db: Database): Promise<void> {
  await importLines(
    db,
    '2019-09-08,Bears,Packers,24,20,-3.5,44',
    '2019-09-08,Giants,Jets,17,17,2.5,40.5',
    '2019-09-15,Bills,Rams,10,31,-1,38',
  );
  await placeBets(db, { stakeCents: 1_000, everySide: true });
}

interface SettlementRun {
  result: SettleGamesResult;
  events: { name: string; data: unknown }[];
}

/** Runs picks.settle-games as the engine runs it. Fails the test where the job fails. */
export async function runSettlement(
  db: Database,
  input: object = {},
  at: Date = NOW,
): Promise<SettlementRun> {
  const humdrum = await createHumdrum({ database: db, packs: [picks] });
  const { succeeded, outcome } = await humdrum.run('picks.settle-games', input, { at });
  expect(succeeded, JSON.stringify(outcome.ended)).toBe(true);
  const { result } = outcome.ended as unknown as { result: SettleGamesResult };
  return { result, events: outcome.effects.map(({ name, data }) => ({ name, data })) };
}

/** Every row of every table of the pack, in the order of its key. */
export async function contents(db: Database): Promise<Record<string, unknown[]>> {
  const tables = { player: 'id', bankroll: 'player_id', game: 'id', bet: 'id', ledger: 'bet_id' };
  const all: Record<string, unknown[]> = {};
  for (const [table, key] of Object.entries(tables)) {
    all[table] = (await db.query(`select * from picks.${table} order by ${key}`)).rows;
  }
  return all;
}

export async function one<Row>(db: Database, sql: string): Promise<Row> {
  const { rows } = await db.query<Row>(sql);
  expect(rows).toHaveLength(1);
  return rows[0] as Row;
}

/** All values of all rows, one after the other. */
export async function valuesOf(db: Database, sql: string): Promise<unknown[]> {
  const { rows } = await db.query(sql);
  return rows.flatMap((row) => Object.values(row));
}
