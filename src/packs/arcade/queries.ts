/** SQL of prize pools and leaderboards. The SQL of games, the clean-up and sample data is in files of its own. */

import type { Queryable } from '../../database/database.ts';
import type { EntryKey, Game, Period, PoolKey, PoolStatus } from './game.ts';

const KEY = 'game_type = $1::text and period = $2::text and period_date = $3::date';
const keyOf = ({ game, period, periodDate }: PoolKey): unknown[] => [game, period, periodDate];

/** The `due` pools, and all others that are still active after the end of their period. */
export async function poolsToLookAt(
  db: Queryable,
  due: readonly PoolKey[],
  today: string,
): Promise<PoolKey[]> {
  const { rows } = await db.query<PoolKey>(
    `select game_type as game, period, period_date::text as "periodDate" from (
       select * from unnest($1::text[], $2::text[], $3::date[]) as due (game_type, period, period_date)
       union
       select game_type, period, period_date from arcade.prize_pool
       where status = 'active' and arcade.next_period(period, period_date) <= $4::date
     ) as looked_at`,
    [
      due.map(({ game }) => game),
      due.map(({ period }) => period),
      due.map(({ periodDate }) => periodDate),
      today,
    ],
  );
  return rows;
}

export interface PoolRecord {
  readonly status: PoolStatus;
  readonly winnerAddress: string | null;
  readonly payoutTx: string | null;
}

/** Locks a pool until the transaction ends, so that no fee or score is added. Null if it does not exist. */
export async function lockPool(db: Queryable, pool: PoolKey): Promise<PoolRecord | null> {
  const { rows } = await db.query<PoolRecord>(
    `select status, winner_address as "winnerAddress", payout_tx as "payoutTx"
     from arcade.prize_pool where ${KEY} for update`,
    keyOf(pool),
  );
  return rows[0] ?? null;
}

/** Finalizes a pool. Returns the prize, or null if the pool is not active. */
export async function finalizePool(
  db: Queryable,
  pool: PoolKey,
  winnerAddress: string,
  at: Date,
): Promise<number | null> {
  const { rows } = await db.query<{ prize: number }>(
    `update arcade.prize_pool set status = 'finalized', winner_address = $4, finalized_at = $5::timestamptz
     where ${KEY} and status = 'active'
     returning total_micro_usdc as prize`,
    [...keyOf(pool), winnerAddress, at],
  );
  return rows[0]?.prize ?? null;
}

/** The first period from `date` on whose pool is not closed. */
const firstOpen = (game: string, period: string, date: string): string =>
  `coalesce((
     select arcade.next_period(${period}, max(closed.period_date)) from arcade.prize_pool as closed
     where closed.game_type = ${game} and closed.period = ${period} and closed.period_date >= ${date}
       and closed.status <> 'active'
   ), ${date})`;

export interface RolledOver {
  readonly microUsdc: number;
  /** The period it went to. Null if the pool was empty. */
  readonly into: string | null;
}

/**
 * Finalizes a pool without a winner and moves its total to the next period's pool, in one statement. Null if the pool is not
 * active, because it was finalized before.
 */
export async function rollOver(db: Queryable, pool: PoolKey, at: Date): Promise<RolledOver | null> {
  const { rows } = await db.query<RolledOver>(
    `with closed as (
       update arcade.prize_pool
       set status = 'finalized', finalized_at = $4::timestamptz, rolled_out_micro_usdc = total_micro_usdc,
           total_micro_usdc = 0
       where ${KEY} and status = 'active'
       returning game_type, period, rolled_out_micro_usdc, arcade.next_period(period, period_date) as next_date
     ), filled as (
       insert into arcade.prize_pool as pool (game_type, period, period_date, total_micro_usdc, rolled_in_micro_usdc)
       select game_type, period, ${firstOpen('$1::text', '$2::text', 'next_date')}, rolled_out_micro_usdc, rolled_out_micro_usdc
       from closed where rolled_out_micro_usdc > 0
       on conflict (game_type, period, period_date) do update
       set total_micro_usdc = pool.total_micro_usdc + excluded.total_micro_usdc,
           rolled_in_micro_usdc = pool.rolled_in_micro_usdc + excluded.rolled_in_micro_usdc
       where pool.status = 'active'
       returning period_date
     )
     select rolled_out_micro_usdc as "microUsdc", (select period_date::text from filled) as into from closed`,
    [...keyOf(pool), at],
  );
  return rows[0] ?? null;
}

/** Adds a share and returns the period of the pool that took it. Null if that pool was closed concurrently: try again. */
export async function addToPool(
  db: Queryable,
  pool: PoolKey,
  shareMicroUsdc: number,
  feeMicroUsdc: number,
): Promise<string | null> {
  const { rows } = await db.query<{ date: string }>(
    `insert into arcade.prize_pool as pool (game_type, period, period_date, total_micro_usdc, games, fees_micro_usdc)
     values ($1::text, $2::text, ${firstOpen('$1::text', '$2::text', '$3::date')}, $4, 1, $5)
     on conflict (game_type, period, period_date) do update
     set total_micro_usdc = pool.total_micro_usdc + excluded.total_micro_usdc, games = pool.games + 1,
         fees_micro_usdc = pool.fees_micro_usdc + excluded.fees_micro_usdc
     where pool.status = 'active'
     returning period_date::text as date`,
    [...keyOf(pool), shareMicroUsdc, feeMicroUsdc],
  );
  return rows[0]?.date ?? null;
}

/** Keeps a pool from being finalized until the transaction ends. Shares can still be added. Null if it does not exist. */
export async function holdPool(db: Queryable, pool: PoolKey): Promise<PoolStatus | null> {
  const { rows } = await db.query<{ status: PoolStatus }>(
    `select status from arcade.prize_pool where ${KEY} for key share`,
    keyOf(pool),
  );
  return rows[0]?.status ?? null;
}

export async function firstOpenDate(db: Queryable, pool: PoolKey): Promise<string> {
  const { rows } = await db.query<{ date: string }>(
    `select (${firstOpen('$1::text', '$2::text', '$3::date')})::text as date`,
    keyOf(pool),
  );
  return rows[0]?.date ?? pool.periodDate;
}

export async function markPaid(db: Queryable, pool: PoolKey, payoutTx: string): Promise<void> {
  await db.query(
    `update arcade.prize_pool set status = 'paid', payout_tx = $4 where ${KEY} and status = 'finalized'`,
    [...keyOf(pool), payoutTx],
  );
}

// ------------------------------------------------------------------------------------------------ leaderboards

/** Highest score first, then the earliest, then by session id. Matches the index leaderboard_entry_rank. */
const BEST_FIRST = 'score desc, created_at, session_id';

export interface RankedEntry {
  readonly rank: number;
  readonly playerAddress: string;
  readonly score: number;
  readonly sessionId: string;
  readonly createdAt: Date;
}

/** The only ranking query, used for players, for choosing winners and for the hourly validation. */
export async function rankedEntries(
  db: Queryable,
  game: Game,
  period: Period,
  periodDate: string,
  limit: number,
): Promise<RankedEntry[]> {
  const { rows } = await db.query<RankedEntry>(
    `select row_number() over (order by ${BEST_FIRST})::int as rank, player_address as "playerAddress", score,
            session_id as "sessionId", created_at as "createdAt"
     from arcade.leaderboard_entry
     where ${KEY}
     order by ${BEST_FIRST}
     limit $4`,
    [game, period, periodDate, limit],
  );
  return rows;
}

/** Whether `excluded` ranks before the stored entry. Must match BEST_FIRST. */
export const IS_BETTER = `(excluded.score, entry.created_at, entry.session_id) > (entry.score, excluded.created_at, excluded.session_id)`;

export interface Score {
  readonly sessionId: string;
  readonly score: number;
  readonly at: Date;
}

/** Enters a score in these periods, if it is the player's best. All keys must be of one game and player. */
export async function enterScore(
  db: Queryable,
  keys: readonly EntryKey[],
  { sessionId, score, at }: Score,
): Promise<void> {
  await db.query(
    `insert into arcade.leaderboard_entry as entry
       (session_id, score, created_at, period, period_date, game_type, player_address)
     select $1, $2, $3::timestamptz, given.*
     from unnest($4::text[], $5::date[], $6::text[], $7::text[]) as given (period, period_date, game_type, player_address)
     on conflict (period, period_date, game_type, player_address) do update
     set session_id = excluded.session_id, score = excluded.score, created_at = excluded.created_at
     where ${IS_BETTER}`,
    [
      sessionId,
      score,
      at,
      keys.map(({ period }) => period),
      keys.map(({ periodDate }) => periodDate),
      keys.map(({ game }) => game),
      keys.map(({ playerAddress }) => playerAddress),
    ],
  );
}
