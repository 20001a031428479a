import type { Queryable } from '../../database/database.ts';

/** A channel is left alone after this many failures in a row. */
export const FAILURES_TO_OPEN = 3;
const FIRST_REST_MS = 60_000;
const MAX_REST_MS = 1_800_000;

/** What the circuit breaker says before a message is sent. */
export type Admission =
  | { kind: 'closed' }
  /** The rest is over, and this sender alone may try. */
  | { kind: 'trial' }
  | { kind: 'open'; restMs: number };

const ADMIT = `
with trial as (
  update humdrum.breaker set open_until = humdrum.clock() + $2::float8 * interval '1 millisecond'
  where channel = $1 and open_until <= humdrum.clock() returning channel
)
select exists (select from trial) as trial, extract(epoch from open_until - humdrum.clock())::float8 * 1000 as "restMs"
from humdrum.breaker where channel = $1 and open_until is not null`;

/** Asks whether a channel may be used. A trial that has no result after `trialMs` is over. */
export async function admit(db: Queryable, channel: string, trialMs: number): Promise<Admission> {
  const { rows } = await db.query<{ trial: boolean; restMs: number }>(ADMIT, [channel, trialMs]);
  const [row] = rows;
  if (!row) return { kind: 'closed' };
  if (row.trial) return { kind: 'trial' };
  // Not above zero: the rest was over, and another sender took the trial a moment ago.
  return { kind: 'open', restMs: row.restMs > 0 ? Math.ceil(row.restMs) : trialMs };
}

// Messages that were under way when the breaker opened fail too: only a trial makes the rest longer.
const FAILED = `
insert into humdrum.breaker as known (channel, failures) values ($1, 1)
on conflict (channel) do update set
  failures = known.failures + 1,
  open_until = case when known.failures + 1 >= ${FAILURES_TO_OPEN} then humdrum.clock() + interval '1 millisecond'
    * least(greatest($3, ${FIRST_REST_MS} * 2::float8 ^ least(known.failures + 1 - ${FAILURES_TO_OPEN}, 10)), ${MAX_REST_MS}) end
where $2 or known.open_until is null or known.open_until <= humdrum.clock()`;

const SUCCEEDED = `
update humdrum.breaker set failures = 0, open_until = null
where channel = $1 and (failures > 0 or open_until is not null)`;

/** Counts a failure. `restMs`: how long the channel asked to be left alone, or 0. */
export async function countFailure(
  db: Queryable,
  channel: string,
  { isTrial, restMs }: { isTrial: boolean; restMs: number },
): Promise<void> {
  await db.query(FAILED, [channel, isTrial, restMs]);
}

/** The channel works: closes its breaker. */
export async function countSuccess(db: Queryable, channel: string): Promise<void> {
  await db.query(SUCCEEDED, [channel]);
}

export interface OpenBreaker {
  channel: string;
  /** In a row. */
  failures: number;
  openUntil: Date;
}

/** The channels that are left alone now, or wait for a trial. */
export async function openBreakers(db: Queryable): Promise<OpenBreaker[]> {
  const { rows } = await db.query<OpenBreaker>(
    `select channel, failures, open_until as "openUntil" from humdrum.breaker
     where open_until is not null order by channel limit 100`,
  );
  return rows;
}
