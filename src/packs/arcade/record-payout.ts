import { z } from 'zod';
import { HumdrumError } from '../../errors.ts';
import { checked, date, game, hexOf, poolPeriod } from './input.ts';
import { lockPool, markPaid } from './queries.ts';
import type { Transacting } from './record-game.ts';
import { periodDateOf } from './rules.ts';

const payout = z.strictObject({
  game,
  period: poolPeriod,
  /** For a week, any day in it. */
  periodDate: date,
  /** Hash of the transaction that paid the winner. */
  payoutTx: hexOf(64),
});

export type PayoutInput = z.input<typeof payout>;

/**
 * Records that the winner of a finalized pool was paid. Recording the same payout again changes nothing. Errors:
 * `input-invalid`, `not-found`, `action-refused` if the pool has no winner or was paid with another transaction.
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
    if (!pool)
      throw new HumdrumError('not-found', `There is no ${name}, because no game was paid.`);
    if (pool.payoutTx === payoutTx) return { recorded: false };
    if (pool.payoutTx !== null) {
      throw new HumdrumError(
        'action-refused',
        `The ${name} was already paid with ${pool.payoutTx}.`,
      );
    }
    if (pool.status === 'active' || pool.winnerAddress === null) {
      const why = pool.status === 'active' ? 'is not finalized' : 'has no winner';
      throw new HumdrumError('action-refused', `The ${name} ${why}, so there is no one to pay.`);
    }
    await markPaid(tx, key, payoutTx);
    return { recorded: true };
  });
}
