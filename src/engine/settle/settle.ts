import type { Queryable } from '../../database/database.ts';
import { enqueueDeliveries, isDeliverable } from '../deliveries/create-deliveries.ts';
import { complete } from '../transitions/complete.ts';
import { fail } from '../transitions/fail.ts';
import { closeLeases } from '../transitions/fence.ts';
import { holdRates, holdsRates } from '../transitions/hold-rates.ts';
import { isPostponed, postpone } from '../transitions/postpone.ts';
import type { Settlement } from '../transitions/settlement.ts';

const CLOSE_LEASES = closeLeases('$1::bigint[]');

/**
 * Records finished attempts: one statement for the completed, one for the failed, one for the postponed. Each write is fenced twice: the lease's
 * worker must be alive, and the primary key allows one record per attempt. Returns the settlements that were refused.
 * Idempotent. `finishedLeases`: leases whose last jobs these are. If a settlement is deliverable, `db` must be a
 * transaction. `overdrawn` gets the postponed ones that were recorded as failed, since they had been given back too often.
 */
export async function settle(
  db: Queryable,
  settlements: readonly Settlement[],
  finishedLeases: readonly number[],
  overdrawn = new Set<Settlement>(),
): Promise<Settlement[]> {
  const completed = settlements.filter(({ outcome }) => 'result' in outcome.ended);
  const postponed = settlements.filter(isPostponed);
  const holding = settlements.filter(holdsRates);
  if (holding.length > 0) await holdRates(db, holding);
  if (postponed.length > 0) {
    for (const one of await postpone(db, postponed)) overdrawn.add(one);
  }
  const failed = settlements.filter(
    (one) => 'error' in one.outcome.ended && (!isPostponed(one) || overdrawn.has(one)),
  );
  if (completed.length + failed.length === 0) await db.query(CLOSE_LEASES, [finishedLeases]);
  // The last statement closes the leases: the one before still needs them.
  const refused = [
    ...(completed.length > 0
      ? await complete(db, completed, failed.length > 0 ? [] : finishedLeases)
      : []),
    ...(failed.length > 0 ? await fail(db, failed, finishedLeases) : []),
  ];
  const deliverable = completed.filter((one) => isDeliverable(one) && !refused.includes(one));
  if (deliverable.length > 0) await enqueueDeliveries(db, deliverable);
  return refused;
}
