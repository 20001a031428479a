import { z } from 'zod';
import { HumdrumError } from '../../errors.ts';
import { checked, date, game, hexOf, poolPeriod } from './input.ts';
import { lockPool, markPaid } from './queries.ts';
import type { Transacting } from './record-game.ts';
import { periodDateOf } from './rules.ts';

const payout = z.strictObject({
  game,
  period: poolPeriod,
  /** Of a week, any day of it. */
  periodDate: date,
  /** The hash of the transaction that paid the winner. */
  payoutTx: hexOf(64),
});

export type PayoutInput = z.input<typeof payout>;

/**
 * Records that the winner of a finalized pool has been paid. The same payout again changes nothing. Errors:
 * `input-invalid`, `not-found`, `action-refused` where the pool has no winner, or was paid by another transaction.
 */
export async function recordPayout(
  db: Transacting,
  input: PayoutInput,
): Promise<{ recorded: boolean }> {
  const { payoutTx, ...given } = checked('recordPayout', payout, input);
  const key = { ...given, periodDate: periodDateOf(given.period, given.periodDate) };
  const name = `${key.period} pool of ${key.game} of ${key.periodDate}`;
  return db.transaction(async (tx) => {
    const pool = await lockPool(tx, key);
    if (!pool) throw new HumdrumError('not-found', `There is no ${name}: nobody paid for a game.`);
    if (pool.payoutTx === payoutTx) return { recorded: false };
    if (pool.payoutTx !== null) {
      throw new HumdrumError('action-refused', `The ${name} was paid by ${pool.payoutTx} already.`);
    }
    if (pool.status === 'active' || pool.winnerAddress === null) {
      const why = pool.status === 'active' ? 'is not finalized' : 'was won by nobody';
      throw new HumdrumError('action-refused', `The ${name} ${why}: there is nobody to pay.`);
    }
    await markPaid(tx, key, payoutTx);
    return { recorded: true };
  });
}
