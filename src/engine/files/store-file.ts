import type { Queryable } from '../../database/database.ts';
import type { FileStorage, FileToStore } from '../ports/file-storage.ts';
import type { Spooled } from './spool.ts';

/** Files stored after this are safe from the collector. It spares a day; half of that allows for clocks that differ. */
const SAFE_SINCE = `humdrum.clock() - interval '12 hours'`;

/** SQL of the advisory lock key of a stored file. */
export const FILE_LOCK = `hashtextextended('humdrum.file/' || key, 0)`;

/**
 * Stores a file unless it is there. An old one is stored again, which renews its time: no job names it until this one
 * completes, so the collector might remove it.
 */
export async function storeFile(
  storage: FileStorage,
  db: Queryable,
  path: string,
  about: FileToStore & Spooled,
): Promise<void> {
  const { sha256, ...rest } = about;
  const storedAt = await storage.storedAt(sha256);
  if (storedAt && (await isSafe(db, storedAt))) return;
  await storage.put(sha256, path, rest);
  if (!storedAt) return;
  // A collector that read the old time just before may still remove the file. It holds the file's lock while it does, so once
  // the lock is free, the file is either gone or safe.
  await db.query(
    `select pg_advisory_xact_lock_shared(${FILE_LOCK}) from (select $1::text as key) as file`,
    [sha256],
  );
  if (!(await storage.storedAt(sha256))) await storage.put(sha256, path, rest);
}

async function isSafe(db: Queryable, storedAt: Date): Promise<boolean> {
  const { rows } = await db.query<{ safe: boolean }>(
    `select $1::timestamptz > ${SAFE_SINCE} as safe`,
    [storedAt.toISOString()],
  );
  return rows[0]?.safe === true;
}
