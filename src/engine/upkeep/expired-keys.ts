import type { Queryable } from '../../database/database.ts';

/** A request that came when the key was held, and has waited for something since, must find it here. The SQL function `glance` waits as long. */
const KEPT_ON = `interval '1 minute'`;

/** Clears away unique keys that were held for a time which has passed, and answers how many. Whoever wants such a key takes it anyway. */
export async function dropPassedKeys(db: Queryable): Promise<number> {
  const { rows } = await db.query(`delete from humdrum.unique_key where ctid = any (array (
    select ctid from humdrum.unique_key where until <= humdrum.clock() - ${KEPT_ON} limit 1000 for update skip locked
  )) returning key`);
  return rows.length;
}
