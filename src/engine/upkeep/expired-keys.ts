import type { Queryable } from '../../database/database.ts';

/**
 * How long an expired key stays in the table: an enqueue that started while the key was held, and has been blocked since,
 * must still find it. The SQL function `glance` uses the same interval.
 */
const KEPT_ON = `interval '1 minute'`;

/** Deletes expired unique keys. Returns their number. Only a cleanup: an enqueue takes over an expired key by itself. */
export async function dropExpiredKeys(db: Queryable): Promise<number> {
  const { rows } = await db.query(`delete from humdrum.unique_key where ctid = any (array (
    select ctid from humdrum.unique_key where until <= humdrum.clock() - ${KEPT_ON} limit 1000 for update skip locked
  )) returning key`);
  return rows.length;
}
