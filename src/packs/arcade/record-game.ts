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

/** A `Database`, or `ctx.db` in a handler. In an open transaction it all belongs to that. */
export interface Transacting {
  transaction<T>(fn: (tx: Transaction) => Promise<T>): Promise<T>;
}

const payment = z.strictObject({
  sessionId,
  game,
  /** 0x and 40 hexadecimal digits, in either case. */
  playerAddress: hexOf(40),
  /** The hash of the transaction that paid: 0x and 64 hexadecimal digits. */
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
/** `at`: when the game ended. `paidAt`: when it was paid, default the same. */
export type FinishedGameInput = z.input<typeof finishedGame>;

export interface PaymentResult extends Shares {
  /** False: this very payment was there already, and nothing has changed. */
  recorded: boolean;
}

/**
 * Records a payment, its session and its shares of the two pools, all in one transaction. A share goes to the pool of
 * the day and week of `at`, or where that one is finalized already, to the next one. The same payment again changes
 * nothing. Errors: `input-invalid`, `action-refused` where the payment or the session is another game's.
 */
export async function payForGame(db: Transacting, input: PaymentInput): Promise<PaymentResult> {
  const { at, ...paid } = checked('payForGame', payment, input);
  return db.transaction((tx) => pay(tx, paid, at));
}

/**
 * Records the score of a paid game, and enters it in the day's, the week's and the all-time leaderboard where it is the
 * player's best. Where a period's pool is finalized already, it counts in the next one. The same score again changes
 * nothing. Errors: `input-invalid`, `not-found`, `action-refused` where the session is over or was never paid.
 */
export async function finishGame(
  db: Transacting,
  input: ScoreInput,
): Promise<{ recorded: boolean }> {
  const finished = checked('finishGame', score, input);
  return db.transaction((tx) => finish(tx, finished));
}

/** `payForGame` and `finishGame` in one transaction. `recorded` is false where both were there already. Errors: as those. */
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
        `The payment ${paid.paymentTx} has paid for the session ${known.sessionId}: ${known.amountMicroUsdc} micro-USDC ` +
          `for ${known.game} by ${known.playerAddress}. A payment pays for one game.`,
      );
    }
    if (!(await payOpenSession(tx, paid))) {
      throw refused(
        `The session ${paid.sessionId} cannot be paid by ${paid.paymentTx}: it is paid already, over, or of another game or player.`,
      );
    }
  }
  const date = dateOf(at);
  const fee = paid.amountMicroUsdc;
  const { dailyMicroUsdc, weeklyMicroUsdc } = shares;
  // Daily first, as the jobs do it: two that want the same pools then wait for each other and not in a circle.
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
    throw new HumdrumError('not-found', `There is no session ${id}: pay for it with payForGame.`);
  }
  if (session.status === 'completed' && session.score === points) return { recorded: false };
  if (session.status !== 'active') {
    const scored = session.score === null ? '' : ` with the score ${session.score}`;
    throw refused(
      `The session ${id} is ${session.status}${scored}: it takes no score of ${points}.`,
    );
  }
  if (!session.isPaid) {
    throw refused(`The session ${id} was never paid: it takes no score.`);
  }
  if (at < session.createdAt) {
    throw new HumdrumError(
      'input-invalid',
      `finishGame: at: ${at.toISOString()} is before the session ${id} began, at ${session.createdAt.toISOString()}`,
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

/** A pool can be closed between two statements, but not the next one as well while this transaction runs. */
const MOST_TRIES = 5;

/** Adds to the pool or, where it is closed, to the next one that is not. Answers its date. */
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

/** The period that a score counts in, kept from being finalized until the transaction ends. */
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
    `The ${pool.period} pools of ${pool.game} from ${pool.periodDate} on are being closed: try again.`,
  );
}
