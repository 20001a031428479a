import type { Queryable } from '../../database/database.ts';
import { cancel } from '../transitions/cancel.ts';
import type { Debounce } from '../job/request.ts';

// Job 0 keeps the place for the one to come. Whoever else wants the key waits here until that one is committed.
const TAKE = `
with clock as materialized (select humdrum.clock() as now),
taken as (
  insert into humdrum.unique_key (type, key, job_id, since) select $1, $2, 0, now from clock
  on conflict (type, key) do update set key = excluded.key
  returning job_id, since
)
select taken.job_id as id, taken.since::text, now::text,
  (extract(epoch from now - taken.since) * 1000)::float8 as "waitedMs" from taken, clock`;

const KEEP = `
insert into humdrum.unique_key (type, key, job_id, since) values ($1, $2, 0, $3)
on conflict (type, key) do update set job_id = 0, since = excluded.since, until = null`;

interface Held {
  /** A caller's own connection may read bigint as a string. */
  id: number | string;
  since: string;
  now: string;
  waitedMs: number;
}

/**
 * Takes a key for a job that is about to be persisted in the same transaction. The job that has it is cancelled if it has
 * not started; one that runs goes on, and loses the key.
 */
export async function debounce(
  db: Queryable,
  type: string,
  { key, waitMs, maxWaitMs = Infinity }: Debounce,
  actor: string,
): Promise<{ putOff: { delayMs: number; since: string } }> {
  const { rows } = await db.query<Held>(TAKE, [type, key]);
  const [held] = rows;
  if (!held) throw new Error('A key that is taken has a row.');
  const heldBy = Number(held.id);
  const reason = `debounced: another job with the key "${key}" takes its place`;
  const replaced = heldBy !== 0 && (await cancel(db, [heldBy], { actor, reason })).length > 0;
  const since = replaced ? held.since : held.now;
  await db.query(KEEP, [type, key, since]);
  const leftMs = replaced ? Math.max(0, maxWaitMs - held.waitedMs) : maxWaitMs;
  return { putOff: { delayMs: Math.min(waitMs, leftMs), since } };
}
