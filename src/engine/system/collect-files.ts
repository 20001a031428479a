import { z } from 'zod';
import type { Queryable, Transaction } from '../../database/database.ts';
import { defineJob } from '../job/define-job.ts';
import type { JobType } from '../job/job-type.ts';
import type { FileStorage, StoredFile } from '../ports/file-storage.ts';
import { FILE_LOCK } from '../files/store-file.ts';

/** One statement asks for so many. */
const PAGE = 1_000;
/** So many are locked and removed together: whoever stores one of them again waits for so long. */
const BATCH = 50;

/** What one collection did, or in a rehearsal would do. */
export interface FileCollection {
  looked: number;
  removed: number;
  bytes: number;
}

/**
 * Removes stored files that no completed job names, a day after they were stored: what failed attempts and undone
 * savepoints have left.
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
        const orphans = await withoutName(ctx.db, old);
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

// An attempt may run for longer than a day, and what it relies on was young when it began: so the day is counted from
// the oldest that is still running.
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

const WITHOUT_NAME = `
select key from unnest($1::text[]) as given (key)
where not exists (
  select from humdrum.effect where kind = 'file' and data ->> 'sha256' = key
)`;

async function withoutName(db: Queryable, files: readonly StoredFile[]): Promise<StoredFile[]> {
  if (files.length === 0) return [];
  return chosenBy(db, WITHOUT_NAME, files);
}

// Not waiting for a lock: who holds it is about to name the file.
const LOCKED = `
select key from unnest($1::text[]) as given (key) where pg_try_advisory_xact_lock(${FILE_LOCK})`;

/** Under their locks, and having looked once more at their age: see `storeFile`. */
async function remove(
  storage: FileStorage,
  tx: Transaction,
  files: readonly StoredFile[],
  before: Date,
): Promise<StoredFile[]> {
  const removed: StoredFile[] = [];
  for (const file of await chosenBy(tx, LOCKED, files)) {
    const storedAt = await storage.storedAt(file.key);
    if (!storedAt || storedAt >= before) continue;
    await storage.remove(file.key);
    removed.push(file);
  }
  return removed;
}

async function chosenBy(
  db: Queryable,
  sql: string,
  files: readonly StoredFile[],
): Promise<StoredFile[]> {
  const { rows } = await db.query<{ key: string }>(sql, [files.map(({ key }) => key)]);
  const chosen = new Set(rows.map(({ key }) => key));
  return files.filter(({ key }) => chosen.has(key));
}
