import type { Queryable } from '../../database/database.ts';
import { cancel } from '../transitions/cancel.ts';
import type { Debounce } from '../job/request.ts';

// Locks the key's row until the new job is committed: another enqueue with the same key blocks here. Job 0 reserves the key
// for the job that is about to be inserted.
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
  /** The caller's own connection may return bigint as a string. */
  id: number | string;
  since: string;
  now: string;
  waitedMs: number;
}

/**
 * Takes a key for a job that is about to be persisted in the same transaction. The job that holds the key is cancelled if it
 * has not started. A running one continues without the key.
 */
export async function debounce(
  db: Queryable,
  type: string,
  { key, waitMs, maxWaitMs = Infinity }: Debounce,
  actor: string,
): Promise<{ putOff: { delayMs: number; since: string } }> {
  const { rows } = await db.query<Held>(TAKE, [type, key]);
  const [held] = rows;
  if (!held) throw new Error('Taking the unique key returned no row.');
  const heldBy = Number(held.id);
  const reason = `debounced: another job with the key "${key}" takes its place`;
  const replaced = heldBy !== 0 && (await cancel(db, [heldBy], { actor, reason })).length > 0;
  const since = replaced ? held.since : held.now;
  await db.query(KEEP, [type, key, since]);
  const leftMs = replaced ? Math.max(0, maxWaitMs - held.waitedMs) : maxWaitMs;
  return { putOff: { delayMs: Math.min(waitMs, leftMs), since } };
}
