/** SQL of paid games: sessions and payments. */

import type { Queryable } from '../../database/database.ts';
import type { Game } from './game.ts';

export interface Payment {
  readonly sessionId: string;
  readonly game: Game;
  readonly playerAddress: string;
  readonly paymentTx: string;
  readonly amountMicroUsdc: number;
}

const valuesOf = (payment: Payment): unknown[] => [
  payment.sessionId,
  payment.game,
  payment.playerAddress,
  payment.paymentTx,
  payment.amountMicroUsdc,
];

/** False if the session, or another one with this payment, already exists. */
export async function openPaidSession(db: Queryable, payment: Payment, at: Date): Promise<boolean> {
  const { rows } = await db.query(
    `insert into arcade.game_session (id, game_type, player_address, payment_tx, amount_micro_usdc, created_at)
     values ($1, $2, $3, $4, $5, $6::timestamptz)
     on conflict do nothing
     returning 1`,
    [...valuesOf(payment), at],
  );
  return rows.length > 0;
}

/** False if the session is already paid, has ended, or belongs to another game or player. */
export async function payOpenSession(db: Queryable, payment: Payment): Promise<boolean> {
  const { rows } = await db.query(
    `update arcade.game_session set payment_tx = $4, amount_micro_usdc = $5
     where id = $1 and game_type = $2 and player_address = $3 and payment_tx is null and status = 'active'
     returning 1`,
    valuesOf(payment),
  );
  return rows.length > 0;
}

/** The session that this payment paid for. */
export async function paidSession(db: Queryable, paymentTx: string): Promise<Payment | null> {
  const { rows } = await db.query<Payment>(
    `select id as "sessionId", game_type as game, player_address as "playerAddress", payment_tx as "paymentTx",
            amount_micro_usdc as "amountMicroUsdc"
     from arcade.game_session where payment_tx = $1`,
    [paymentTx],
  );
  return rows[0] ?? null;
}

export async function enterPayment(
  db: Queryable,
  payment: Payment,
  pools: { readonly dailyDate: string; readonly weeklyDate: string },
  at: Date,
): Promise<void> {
  const { game, playerAddress, paymentTx, amountMicroUsdc } = payment;
  await db.query(
    `insert into arcade.payment
       (payment_tx, game_type, player_address, amount_micro_usdc, daily_pool_date, weekly_pool_date, paid_at)
     values ($1, $2, $3, $4, $5::date, $6::date, $7::timestamptz)`,
    [paymentTx, game, playerAddress, amountMicroUsdc, pools.dailyDate, pools.weeklyDate, at],
  );
}

export interface Session {
  readonly game: Game;
  readonly playerAddress: string;
  readonly isPaid: boolean;
  readonly status: 'active' | 'completed' | 'expired';
  readonly score: number | null;
  readonly createdAt: Date;
}

/** Reads a session and locks it until the transaction ends. */
export async function lockSession(db: Queryable, id: string): Promise<Session | null> {
  const { rows } = await db.query<Session>(
    `select game_type as game, player_address as "playerAddress", payment_tx is not null as "isPaid", status, score,
            created_at as "createdAt"
     from arcade.game_session where id = $1 for no key update`,
    [id],
  );
  return rows[0] ?? null;
}

export async function completeSession(
  db: Queryable,
  id: string,
  score: number,
  at: Date,
): Promise<void> {
  await db.query(
    `update arcade.game_session set status = 'completed', score = $2, completed_at = $3::timestamptz
     where id = $1 and status = 'active'`,
    [id, score, at],
  );
}
