import { expect } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import type { Plan } from '../../../src/engine/job/plan.ts';
import { createHumdrum, type Pack } from '../../../src/index.ts';
import {
  arcade,
  recordGame,
  type CleanUpResult,
  type Game,
  type LeaderboardsResult,
  type PrizePoolsResult,
} from '../../../src/packs/arcade/index.ts';

/** A Tuesday: of Monday, the 26th, the daily pools are finalized. */
export const TUESDAY = new Date('2026-01-27T00:00:00Z');
export const MONDAY = new Date('2026-01-26T00:00:00Z');

export interface Results {
  'arcade.finalize-prize-pools': PrizePoolsResult;
  'arcade.validate-leaderboards': LeaderboardsResult;
  'arcade.clean-up': CleanUpResult;
}

export interface Run<Result> {
  result: Result;
  events: { name: string; data: unknown }[];
  log: string[];
  plan: Plan | null;
}

/** Runs a job as the engine runs it. Fails the test where the job fails. */
export async function runJob<Type extends keyof Results>(
  db: Database,
  type: Type,
  at: Date | string,
  pack: Pack = arcade,
): Promise<Run<Results[Type]>> {
  const humdrum = await createHumdrum({ database: db, packs: [pack] });
  const { succeeded, outcome, plan } = await humdrum.run(type, {}, { at: new Date(at) });
  expect(succeeded, JSON.stringify(outcome.ended)).toBe(true);
  const { result } = outcome.ended as unknown as { result: Results[Type] };
  const events = outcome.effects.map(({ name, data }) => ({ name, data }));
  return { result, events, log: outcome.log.map(({ message }) => message), plan };
}

export function player(n: number): string {
  return `0x${n.toString(16).padStart(40, '0')}`;
}

/** Numbers stand at the end of it and words at the beginning, so that no word is a number too. */
export function hash(n: number | string): string {
  return typeof n === 'number'
    ? `0x${n.toString(16).padStart(64, '0')}`
    : `0x${Buffer.from(n).toString('hex').padEnd(64, '0')}`;
}

let counter = 0;

export interface Played {
  game?: Game;
  by?: number;
  score?: number;
  fee?: number;
  id?: string;
  paidAt?: string;
}

/** A paid game that has ended. Its fee is 0.40 USDC, of which each pool gets 0.14. */
export async function play(db: Database, at: string, played: Played = {}): Promise<string> {
  const { game = 'snake', by = 1, score = 100, fee = 400_000, paidAt = at } = played;
  counter += 1;
  const id = played.id ?? `session-${String(counter).padStart(6, '0')}`;
  await recordGame(db, {
    sessionId: id,
    game,
    playerAddress: player(by),
    paymentTx: hash(`play ${counter}`),
    amountMicroUsdc: fee,
    score,
    paidAt: new Date(paidAt),
    at: new Date(at),
  });
  return id;
}

const TABLES = {
  game_session: 'id',
  payment: 'payment_tx',
  prize_pool: 'game_type, period, period_date',
  leaderboard_entry: 'period, period_date, game_type, player_address',
  leaderboard_archive: 'period, period_date, game_type, player_address',
};

/** Every row of every table of the pack, in the order of its key. */
export async function contents(db: Database): Promise<Record<string, unknown[]>> {
  const all: Record<string, unknown[]> = {};
  for (const [table, key] of Object.entries(TABLES)) {
    all[table] = (await db.query(`select * from arcade.${table} order by ${key}`)).rows;
  }
  return all;
}

/** Differs as soon as any row of any table of the pack does. */
export async function fingerprint(db: Database): Promise<string> {
  const each = Object.entries(TABLES).map(
    ([table, key]) =>
      `(select count(*) || ' ' || coalesce(md5(string_agg(line::text, '' order by ${key})), '') from arcade.${table} as line)`,
  );
  return db.transaction(async (tx) => {
    // Instants are text here, and the same text on every server.
    await tx.script(`set local time zone 'UTC'`);
    const { rows } = await tx.query<{ all: string }>(
      `select concat_ws(', ', ${each.join(', ')}) as all`,
    );
    return rows[0]?.all ?? '';
  });
}

export interface Pool {
  game: string;
  period: string;
  date: string;
  total: number;
  games: number;
  status: string;
  winner: string | null;
  rolledIn: number;
  rolledOut: number;
}

export async function pools(db: Database): Promise<Pool[]> {
  const { rows } = await db.query<Pool>(
    `select game_type as game, period, period_date::text as date, total_micro_usdc as total, games, status,
       winner_address as winner, rolled_in_micro_usdc as "rolledIn", rolled_out_micro_usdc as "rolledOut"
     from arcade.prize_pool order by game_type, period, period_date`,
  );
  return rows;
}

/** All values of all rows, one after the other. */
export async function valuesOf(db: Database, sql: string): Promise<unknown[]> {
  const { rows } = await db.query(sql);
  return rows.flatMap((row) => Object.values(row));
}

/** From now on every change of `table` that `condition` holds for fails. */
export async function poison(db: Database, table: string, condition: string): Promise<void> {
  await db.query(
    `create or replace function public.refuse_poisoned() returns trigger language plpgsql as
     $$ begin raise exception 'poisoned'; end $$`,
  );
  await db.query(
    `create trigger poisoned before update or delete on arcade.${table}
     for each row when (${condition}) execute function public.refuse_poisoned()`,
  );
}

export const finalize = (
  db: Database,
  at: Date | string = TUESDAY,
): Promise<Run<PrizePoolsResult>> => runJob(db, 'arcade.finalize-prize-pools', at);

export async function pool(
  db: Database,
  game: string,
  period: string,
  date: string,
): Promise<Pool> {
  const found = (await pools(db)).find(
    (each) => each.game === game && each.period === period && each.date === date,
  );
  return found ?? expect.fail(`There is no ${period} pool of ${game} of ${date}.`);
}
