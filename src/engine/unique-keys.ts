import type { Queryable } from '../database/database.ts';

/** Clears away unique keys that were held for a time which has passed. Nobody needs it: whoever wants such a key takes it. */
export async function dropPassedKeys(db: Queryable): Promise<void> {
  await db.query(`delete from humdrum.unique_key where ctid = any (array (
    select ctid from humdrum.unique_key where until <= humdrum.clock() limit 1000 for update skip locked
  ))`);
}
