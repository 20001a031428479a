import { z } from 'zod';
import type { Queryable, Transaction } from '../../database/database.ts';
import { HumdrumError } from '../../errors.ts';
import type { EntryKey, PoolKey, PoolPeriod } from './game.ts';
import {
  completeSession,
  enterPayment,
  lockSession,
  openPaidSession,
  paidSession,
  payOpenSession,
  type Payment,
} from './game-queries.ts';
import { addToPool, enterScore, firstOpenDate, holdPool } from './queries.ts';
import { checked, game, hexOf, instant, sessionId, whole } from './input.ts';
import { dateOf, periodDateOf, sharesOf, type Shares } from './rules.ts';

/** A `Database`, or `ctx.db` in a handler. Inside an open transaction, all changes belong to it. */
export interface Transacting {
  transaction<T>(fn: (tx: Transaction) => Promise<T>): Promise<T>;
}

const payment = z.strictObject({
  sessionId,
  game,
  /** 0x and 40 hexadecimal digits, in upper or lower case. */
  playerAddress: hexOf(40),
  /** Hash of the payment transaction: 0x and 64 hexadecimal digits. */
  paymentTx: hexOf(64),
  /** The whole fee, up to 1,000,000 USDC. */
  amountMicroUsdc: whole(1, 1_000_000_000_000),
  /** When it was paid. */
  at: instant,
});
const score = z.strictObject({
  sessionId,
  score: whole(0, Number.MAX_SAFE_INTEGER),
  /** When the game ended. */
  at: instant,
});
const finishedGame = payment.extend({ score: score.shape.score, paidAt: instant.optional() });

export type PaymentInput = z.input<typeof payment>;
export type ScoreInput = z.input<typeof score>;
/** `at`: when the game ended. `paidAt`: when it was paid. Default: `at`. */
export type FinishedGameInput = z.input<typeof finishedGame>;

export interface PaymentResult extends Shares {
  /** False if this payment was already recorded and nothing changed. */
  recorded: boolean;
}

/**
 * Records a payment, its session and its shares of the two pools, in one transaction. Shares go to the pools of the day and week
 * of `at`, or to the next pool if one is already finalized. Recording the same payment again changes nothing. Errors:
 * `input-invalid`, `action-refused` if the payment or the session belongs to another game.
 */
export async function payForGame(db: Transacting, input: PaymentInput): Promise<PaymentResult> {
  const { at, ...paid } = checked('payForGame', payment, input);
  return db.transaction((tx) => pay(tx, paid, at));
}

/**
 * Records the score of a paid game, and enters it in the daily, weekly and all-time leaderboards if it is the player's best. If
 * a period's pool is already finalized, the score counts in the next period. Recording the same score again changes nothing.
 * Errors: `input-invalid`, `not-found`, `action-refused` if the session has ended or was never paid.
 */
export async function finishGame(
  db: Transacting,
  input: ScoreInput,
): Promise<{ recorded: boolean }> {
  const finished = checked('finishGame', score, input);
  return db.transaction((tx) => finish(tx, finished));
}

/** `payForGame` and `finishGame` in one transaction. `recorded` is false if both were already recorded. Errors: as those. */
export async function recordGame(
  db: Transacting,
  input: FinishedGameInput,
): Promise<PaymentResult> {
  const { at, paidAt = at, score: points, ...paid } = checked('recordGame', finishedGame, input);
  return db.transaction(async (tx) => {
    const payed = await pay(tx, paid, paidAt);
    const finished = await finish(tx, { sessionId: paid.sessionId, score: points, at });
    return { ...payed, recorded: payed.recorded || finished.recorded };
  });
}

async function pay(tx: Queryable, paid: Payment, at: Date): Promise<PaymentResult> {
  const shares = sharesOf(paid.amountMicroUsdc);
  if (!(await openPaidSession(tx, paid, at))) {
    const known = await paidSession(tx, paid.paymentTx);
    if (known && isSame(known, paid)) return { recorded: false, ...shares };
    if (known) {
      throw refused(
        `Payment ${paid.paymentTx} was already used for session ${known.sessionId}: ${known.amountMicroUsdc} micro-USDC ` +
          `for ${known.game} by ${known.playerAddress}. A payment pays for one game.`,
      );
    }
    if (!(await payOpenSession(tx, paid))) {
      throw refused(
        `Session ${paid.sessionId} cannot be paid with ${paid.paymentTx}: it is already paid, has ended, or belongs to another game or player.`,
      );
    }
  }
  const date = dateOf(at);
  const fee = paid.amountMicroUsdc;
  const { dailyMicroUsdc, weeklyMicroUsdc } = shares;
  // Daily first, like the jobs, so that transactions lock the same pools in the same order and cannot deadlock.
  const dailyDate = await share(tx, poolOf(paid, 'daily', date), dailyMicroUsdc, fee);
  const weeklyDate = await share(tx, poolOf(paid, 'weekly', date), weeklyMicroUsdc, fee);
  await enterPayment(tx, paid, { dailyDate, weeklyDate }, at);
  return { recorded: true, ...shares };
}

async function finish(
  tx: Queryable,
  finished: z.output<typeof score>,
): Promise<{ recorded: boolean }> {
  const { sessionId: id, score: points, at } = finished;
  const session = await lockSession(tx, id);
  if (!session) {
    throw new HumdrumError(
      'not-found',
      `There is no session ${id}. Pay for it first with payForGame.`,
    );
  }
  if (session.status === 'completed' && session.score === points) return { recorded: false };
  if (session.status !== 'active') {
    const scored = session.score === null ? '' : ` with the score ${session.score}`;
    throw refused(
      `Session ${id} is ${session.status}${scored} and cannot take the score ${points}.`,
    );
  }
  if (!session.isPaid) {
    throw refused(`Session ${id} was never paid and cannot take a score.`);
  }
  if (at < session.createdAt) {
    throw new HumdrumError(
      'input-invalid',
      `finishGame: at: ${at.toISOString()} is before session ${id} began, at ${session.createdAt.toISOString()}`,
    );
  }
  await completeSession(tx, id, points, at);
  const player = { game: session.game, playerAddress: session.playerAddress };
  const date = dateOf(at);
  const daily = await openPeriod(tx, poolOf(session, 'daily', date));
  const weekly = await openPeriod(tx, poolOf(session, 'weekly', date));
  const keys: EntryKey[] = [
    { period: 'daily', periodDate: daily, ...player },
    { period: 'weekly', periodDate: weekly, ...player },
    { period: 'alltime', periodDate: periodDateOf('alltime', date), ...player },
  ];
  await enterScore(tx, keys, finished);
  return { recorded: true };
}

/** Pools can be closed between two statements, but hardly this many during one transaction. */
const MOST_TRIES = 5;

/** Adds a share to the pool, or to the next open one. Returns its date. */
async function share(
  tx: Queryable,
  pool: PoolKey,
  microUsdc: number,
  feeMicroUsdc: number,
): Promise<string> {
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const date = await addToPool(tx, pool, microUsdc, feeMicroUsdc);
    if (date !== null) return date;
  }
  throw closing(pool);
}

/** The period that a score counts in. Its pool cannot be finalized until the transaction ends. */
async function openPeriod(tx: Queryable, pool: PoolKey): Promise<string> {
  let { periodDate } = pool;
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const status = await holdPool(tx, { ...pool, periodDate });
    if (status === null || status === 'active') return periodDate;
    periodDate = await firstOpenDate(tx, pool);
  }
  throw closing(pool);
}

function poolOf(of: Pick<PoolKey, 'game'>, period: PoolPeriod, date: string): PoolKey {
  return { game: of.game, period, periodDate: periodDateOf(period, date) };
}

function isSame(a: Payment, b: Payment): boolean {
  return (
    a.sessionId === b.sessionId &&
    a.game === b.game &&
    a.playerAddress === b.playerAddress &&
    a.amountMicroUsdc === b.amountMicroUsdc
  );
}

function refused(message: string): HumdrumError {
  return new HumdrumError('action-refused', message);
}

function closing(pool: PoolKey): Error {
  return new Error(
    `The ${pool.period} pools of ${pool.game} from ${pool.periodDate} on are being closed. Try again.`,
  );
}
