/** SQL of the summary of a week. */

import type { Queryable } from '../../database/database.ts';
import type { Game, PoolPeriod, PoolStatus } from './game.ts';

export interface PoolOfWeek {
  readonly game: Game;
  readonly period: PoolPeriod;
  readonly periodDate: string;
  readonly status: PoolStatus;
  readonly games: number;
  readonly winnerAddress: string | null;
  /** The prize, or the current total of an active pool. */
  readonly totalMicroUsdc: number;
  /** The amount rolled over because nobody won. */
  readonly rolledOutMicroUsdc: number;
  /** The amount rolled over from the previous period. */
  readonly rolledInMicroUsdc: number;
}

/** Pools from this date on, in order. */
export async function poolsSince(db: Queryable, date: string): Promise<PoolOfWeek[]> {
  const { rows } = await db.query<PoolOfWeek>(
    `select game_type as game, period, period_date::text as "periodDate", status, games,
       winner_address as "winnerAddress", total_micro_usdc as "totalMicroUsdc",
       rolled_out_micro_usdc as "rolledOutMicroUsdc", rolled_in_micro_usdc as "rolledInMicroUsdc"
     from arcade.prize_pool where period_date >= $1::date order by period, period_date, game_type`,
    [date],
  );
  return rows;
}

export interface PaymentsOfDay {
  readonly date: string;
  readonly games: number;
  readonly players: number;
  readonly microUsdc: number;
  /** The part of it that went to pools. */
  readonly poolsMicroUsdc: number;
}

/** Payments per day from this date on. Omits days without payments. */
export async function paymentsSince(db: Queryable, date: string): Promise<PaymentsOfDay[]> {
  const { rows } = await db.query<PaymentsOfDay>(
    `select (paid_at at time zone 'UTC')::date::text as date, count(*)::int as games,
       count(distinct player_address)::int as players, sum(amount_micro_usdc)::bigint as "microUsdc",
       sum(daily_micro_usdc + weekly_micro_usdc)::bigint as "poolsMicroUsdc"
     from arcade.payment where paid_at >= $1::date::timestamp at time zone 'UTC' group by 1 order by 1`,
    [date],
  );
  return rows;
}
