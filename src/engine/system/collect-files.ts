import { z } from 'zod';
import type { Queryable, Transaction } from '../../database/database.ts';
import { defineJob } from '../job/define-job.ts';
import type { JobType } from '../job/job-type.ts';
import type { FileStorage, StoredFile } from '../ports/file-storage.ts';
import { FILE_LOCK } from '../files/store-file.ts';

/** The number of files per query. */
const PAGE = 1_000;
/** The number of files locked and removed together. Small, since storing one of them again waits for the whole batch. */
const BATCH = 50;

/** The result of a collection. In a rehearsal, what it would remove. */
export interface FileCollection {
  looked: number;
  removed: number;
  bytes: number;
}

/**
 * Removes stored files that no completed job names, a day after they were stored. Failed attempts and rolled-back savepoints
 * leave them behind.
 */
export function collectFiles(storage: FileStorage): JobType {
  return defineJob({
    type: 'humdrum.collect-files',
    description: 'Removes stored files, a day old, that no completed job names.',
    input: z.object({}),
    schedule: { cron: '40 3 * * *' },
    atomic: false,
    async run(ctx): Promise<FileCollection> {
      const before = await readLimit(ctx.db);
      const done: FileCollection = { looked: 0, removed: 0, bytes: 0 };
      for await (const page of inPages(storage.list())) {
        ctx.signal.throwIfAborted();
        done.looked += page.length;
        const old = page.filter(({ storedAt }) => storedAt < before);
        const orphans = await findOrphans(ctx.db, old);
        for (let from = 0; from < orphans.length; from += BATCH) {
          const batch = orphans.slice(from, from + BATCH);
          const removed = ctx.rehearsal
            ? batch
            : await ctx.db.transaction((tx) => remove(storage, tx, batch, before));
          done.removed += removed.length;
          done.bytes += removed.reduce((sum, { bytes }) => sum + bytes, 0);
        }
      }
      return done;
    },
  });
}

// An attempt may run for more than a day, and the files that it found were young when it started. So the day counts back from
// the oldest running attempt.
const LIMIT = `
select least(humdrum.clock(), min(claimed_at)) - interval '24 hours' as before from humdrum.lease`;

async function readLimit(db: Queryable): Promise<Date> {
  const { rows } = await db.query<{ before: Date }>(LIMIT);
  return (rows[0] as { before: Date }).before;
}

async function* inPages(files: AsyncIterable<StoredFile>): AsyncGenerator<StoredFile[]> {
  let page: StoredFile[] = [];
  for await (const file of files) {
    page.push(file);
    if (page.length < PAGE) continue;
    yield page;
    page = [];
  }
  yield page;
}

const ORPHANS = `
select key from unnest($1::text[]) as given (key)
where not exists (
  select from humdrum.effect where kind = 'file' and data ->> 'sha256' = key
)`;

async function findOrphans(db: Queryable, files: readonly StoredFile[]): Promise<StoredFile[]> {
  if (files.length === 0) return [];
  return filterBy(db, ORPHANS, files);
}

// Skips files that are locked: the holder of the lock is about to name the file.
const LOCKED = `
select key from unnest($1::text[]) as given (key) where pg_try_advisory_xact_lock(${FILE_LOCK})`;

/** Removes files under their locks, after checking their age again: see `storeFile`. */
async function remove(
  storage: FileStorage,
  tx: Transaction,
  files: readonly StoredFile[],
  before: Date,
): Promise<StoredFile[]> {
  const removed: StoredFile[] = [];
  for (const file of await filterBy(tx, LOCKED, files)) {
    const storedAt = await storage.storedAt(file.key);
    if (!storedAt || storedAt >= before) continue;
    await storage.remove(file.key);
    removed.push(file);
  }
  return removed;
}

/** Keeps the files whose keys the query returns. */
async function filterBy(
  db: Queryable,
  sql: string,
  files: readonly StoredFile[],
): Promise<StoredFile[]> {
  const { rows } = await db.query<{ key: string }>(sql, [files.map(({ key }) => key)]);
  const keys = new Set(rows.map(({ key }) => key));
  return files.filter(({ key }) => keys.has(key));
}
