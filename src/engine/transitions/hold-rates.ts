import type { Queryable } from '../../database/database.ts';
import type { Settlement } from './settlement.ts';

export function holdsRates({ outcome }: Settlement): boolean {
  return 'error' in outcome.ended && outcome.ended.holdRatesMs !== undefined;
}

/** Takes all tokens from the rate limits of these jobs, for as long as their handlers say. Again does no harm. */
export async function holdRates(db: Queryable, settlements: readonly Settlement[]): Promise<void> {
  await db.query('select humdrum.hold_rates($1::bigint[], $2::float8[])', [
    settlements.map(({ job }) => job.id),
    settlements.map(({ outcome: { ended } }) => ('error' in ended ? (ended.holdRatesMs ?? 0) : 0)),
  ]);
}
