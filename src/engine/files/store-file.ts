import type { Queryable } from '../../database/database.ts';
import type { FileStorage, FileToStore } from '../ports/file-storage.ts';
import type { Spooled } from './spool.ts';

/** What was stored within this time may be relied on. Half of the collector's day: the rest allows for clocks that differ. */
const RELIABLE = `humdrum.clock() - interval '12 hours'`;

/** Names a stored file among PostgreSQL's advisory locks. */
export const FILE_LOCK = `hashtextextended('humdrum.file/' || key, 0)`;

/**
 * Stores a file unless it is there. One that is there and old is stored again, so that it is young: the collector may be
 * about to remove it, and no job names it before this one has completed.
 */
export async function storeFile(
  storage: FileStorage,
  db: Queryable,
  path: string,
  about: FileToStore & Spooled,
): Promise<void> {
  const { sha256, ...rest } = about;
  const storedAt = await storage.storedAt(sha256);
  if (storedAt && (await isReliable(db, storedAt))) return;
  await storage.put(sha256, path, rest);
  if (!storedAt) return;
  // A collector that saw it old just before may remove it just after. Once it has let go of the file's lock, the file is
  // gone for sure or safe for sure.
  await db.query(
    `select pg_advisory_xact_lock_shared(${FILE_LOCK}) from (select $1::text as key) as file`,
    [sha256],
  );
  if (!(await storage.storedAt(sha256))) await storage.put(sha256, path, rest);
}

async function isReliable(db: Queryable, storedAt: Date): Promise<boolean> {
  const { rows } = await db.query<{ reliable: boolean }>(
    `select $1::timestamptz > ${RELIABLE} as reliable`,
    [storedAt.toISOString()],
  );
  return rows[0]?.reliable === true;
}
