import type { Queryable } from '../../database/database.ts';

/** The database's time, the only clock that the engine's decisions use. In whole milliseconds. */
export async function readClock(db: Queryable): Promise<Date> {
  const { rows } = await db.query<{ now: Date }>('select humdrum.clock() as now');
  return (rows[0] as { now: Date }).now;
}
