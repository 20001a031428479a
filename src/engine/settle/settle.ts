import type { Queryable } from '../../database/database.ts';
import { complete } from '../transitions/complete.ts';
import { enqueueDeliveries, isDeliverable } from '../deliveries/create-deliveries.ts';
import { fail } from '../transitions/fail.ts';
import { closeLeases } from '../transitions/fence.ts';
import { isPostponed, postpone } from '../transitions/postpone.ts';
import type { Settlement } from '../transitions/settlement.ts';

const CLOSE_LEASES = `with clock as materialized (select humdrum.clock() as now) ${closeLeases('$1::bigint[]')}`;

/**
 * Records how attempts ended, one statement for each kind of end. Every write is fenced twice: the lease must still be
 * a living worker's, and of two that would record one attempt the primary key lets one. Answers the settlements that
 * were refused. `drained`: leases whose last jobs these are. Sending the same again does no harm. Where some of them are
 * deliverable it must be given a transaction.
 */
export async function settle(
  db: Queryable,
  settlements: readonly Settlement[],
  drained: readonly number[],
): Promise<Settlement[]> {
  const completed = settlements.filter(({ outcome }) => 'result' in outcome.ended);
  const postponed = settlements.filter(isPostponed);
  const failed = settlements.filter((one) => 'error' in one.outcome.ended && !isPostponed(one));
  if (postponed.length > 0) await postpone(db, postponed);
  if (completed.length + failed.length === 0) await db.query(CLOSE_LEASES, [drained]);
  // The leases go with the statement that comes last: the one before it still needs them.
  const refused = [
    ...(completed.length > 0
      ? await complete(db, completed, failed.length > 0 ? [] : drained)
      : []),
    ...(failed.length > 0 ? await fail(db, failed, drained) : []),
  ];
  const deliverable = completed.filter((one) => isDeliverable(one) && !refused.includes(one));
  if (deliverable.length > 0) await enqueueDeliveries(db, deliverable);
  return refused;
}
