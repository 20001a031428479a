import type { Queryable } from '../../database/database.ts';

const BATCH = 1_000;
const MOST_BATCHES = 1_000;

// A worker that ended before the oldest job was made has run none of those that are left. The day is for the order of ids, which
// is that of times only nearly.
const WORKERS = `
delete from humdrum.worker where id = any (array (
  select id from humdrum.worker
  where greatest(expires_at, left_at, lost_at) < least(
      humdrum.clock() - $1::float8 * interval '1 millisecond',
      (select created_at from humdrum.job order by id limit 1) - interval '1 day'
    )
    and not exists (select from humdrum.lease where worker_id = worker.id)
  limit ${BATCH} for update skip locked
)) returning id`;

// A tick that made a job keeps another from being made, so it stays as long as that job.
const TICKS = `
delete from humdrum.tick where ctid = any (array (
  select ctid from humdrum.tick
  where at < humdrum.clock() - $1::float8 * interval '1 millisecond'
    and (job_id is null or job_id < coalesce((select id from humdrum.job order by id limit 1), 9223372036854775807))
  limit ${BATCH} for update skip locked
)) returning at`;

/** Deletes the workers that ended longer than `keepMs` ago and that no job in the history names. Returns their number. */
export function forgetWorkers(db: Queryable, keepMs: number): Promise<number> {
  return inBatches(db, WORKERS, keepMs);
}

/** Deletes the ticks that are older than `keepMs`, with a job that is not in the history, or none. Returns their number. */
export function forgetTicks(db: Queryable, keepMs: number): Promise<number> {
  return inBatches(db, TICKS, keepMs);
}

async function inBatches(db: Queryable, sql: string, keepMs: number): Promise<number> {
  let done = 0;
  for (let batches = 0; batches < MOST_BATCHES; batches += 1) {
    const { rows } = await db.query(sql, [keepMs]);
    done += rows.length;
    if (rows.length < BATCH) break;
  }
  return done;
}
