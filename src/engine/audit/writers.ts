import { setTimeout as wait } from 'node:timers/promises';
import type { Queryable } from '../../database/database.ts';
import { mayBeOpen, writersOf } from '../../database/writers.ts';

/** The rows up to `toId` are final once all transactions in `writers` have ended. */
export interface AuditBound {
  toId: number;
  writers: string[];
}

const AUDIT = 'humdrum.audit';
const POLL_MS = 25;

/**
 * Ids are drawn in one order and committed in another, so a row may still appear below an existing one. This reads the last
 * drawn id first, and the writers in a later statement. The lock comes before the id, so every open transaction that drew an
 * id up to `toId` is among the writers. PostgreSQL makes a commit visible before it releases the locks.
 */
export async function readBound(db: Queryable): Promise<AuditBound> {
  const toId = await lastDrawnId(db);
  return { toId, writers: (await writersOf(db, AUDIT)).ids };
}

/** The last id drawn for the audit. Its row may not be visible yet. */
export async function lastDrawnId(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ id: number }>(
    'select case when is_called then last_value else last_value - 1 end as id from humdrum.audit_id',
  );
  return rows[0]?.id ?? 0;
}

/** The bound whose writers an earlier sealing did not wait for. It comes first: otherwise a busy audit would never be sealed. */
export async function savedBound(db: Queryable): Promise<AuditBound | null> {
  const { rows } = await db.query<AuditBound>(
    'select to_id as "toId", writers from humdrum.seal_bound',
  );
  return rows[0] ?? null;
}

export async function saveBound(db: Queryable, { toId, writers }: AuditBound): Promise<void> {
  await db.query(
    'insert into humdrum.seal_bound (to_id, writers) values ($1, $2) on conflict do nothing',
    [toId, writers],
  );
}

export async function deleteBound(db: Queryable, { toId }: AuditBound): Promise<void> {
  await db.query('delete from humdrum.seal_bound where to_id <= $1', [toId]);
}

/** Waits at most `waitMs` for the writers to end. Returns whether they have. */
export async function waitForWriters(
  db: Queryable,
  { writers }: AuditBound,
  waitMs: number,
): Promise<boolean> {
  const deadlineMs = performance.now() + waitMs;
  while (writers.length > 0 && (await openWriters(db))(writers)) {
    if (performance.now() >= deadlineMs) return false;
    await wait(POLL_MS);
  }
  return true;
}

/** Reads the open writers. Returns a function that says whether any of the given transactions may still be open. */
export async function openWriters(db: Queryable): Promise<(writers: readonly string[]) => boolean> {
  const open = await writersOf(db, AUDIT);
  return (writers) => mayBeOpen(open, writers);
}
