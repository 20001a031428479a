import type { Queryable } from '../../database/database.ts';
import { HumdrumError } from '../../errors.ts';
import type { Hold } from '../job/hold.ts';

// An unchanged hold is left as it is, and audited once.
const HOLD = `
with held as (
  insert into humdrum.hold (at, actor, reason) values (humdrum.clock(), $1, $2) on conflict do nothing returning at, actor, reason
),
audit as (
  insert into humdrum.audit (at, event, actor, reason) select at, 'configured', actor, 'database held: ' || reason from held
)
select at from held`;

const UNHOLD = `
with held as (
  delete from humdrum.hold returning at
),
audit as (
  insert into humdrum.audit (at, event, actor, reason)
  select humdrum.clock(), 'configured', $1, 'database no longer held: ' || $2::text from held
)
select at from held`;

/**
 * Holds the database: from now on nothing is claimed and no schedule fires. Jobs that are claimed already run to their end.
 * Returns false if it is held already.
 */
export async function hold(db: Queryable, by: { actor: string; reason: string }): Promise<boolean> {
  const { rows } = await db.query(HOLD, [by.actor, by.reason]);
  return rows.length > 0;
}

/** Ends a hold. Returns false if there is none. */
export async function unhold(
  db: Queryable,
  by: { actor: string; reason: string },
): Promise<boolean> {
  const { rows } = await db.query(UNHOLD, [by.actor, by.reason]);
  return rows.length > 0;
}

/** Null: the database is not held. */
export async function readHold(db: Queryable): Promise<Hold | null> {
  const { rows } = await db.query<Hold>('select at, actor, reason from humdrum.hold');
  return rows[0] ?? null;
}

/** Refuses tables from before there were holds, whatever else may be missing. Errors: `schema-outdated`. */
export async function requireHolds(db: Queryable): Promise<void> {
  const { rows } = await db.query(
    `select from pg_tables where schemaname = 'humdrum' and tablename = 'hold'`,
  );
  if (rows.length > 0) return;
  throw new HumdrumError(
    'schema-outdated',
    'This database has no table for a hold. Bring its tables up to date, which starts no job: humdrum db migrate',
  );
}
