import { setTimeout as wait } from 'node:timers/promises';
import type { Queryable } from '../../database/database.ts';

/** The rows up to `toId` are final when none of `writers` is open any more. */
export interface SealBound {
  toId: number;
  writers: string[];
}

const POLL_MS = 25;

/** Transactions that hold what every INSERT into the audit takes before it draws an id, and keeps until its end. */
const WRITING = `
  from pg_catalog.pg_locks
  where locktype = 'relation' and relation = 'humdrum.audit'::regclass and mode = 'RowExclusiveLock' and granted
    and database = (select oid from pg_catalog.pg_database where datname = current_database())
    and pid is distinct from pg_backend_pid()`;

/**
 * Ids are drawn in one order and committed in another, so a row may still appear below one that is there. First the last
 * id that was drawn, then, in a later statement, who is writing: whoever has drawn an id up to it and is not finished is
 * among them, because the lock comes before the id. PostgreSQL makes a commit visible before it releases the locks.
 */
export async function drawBound(db: Queryable): Promise<SealBound> {
  const toId = await lastDrawnId(db);
  const writing = await db.query<{ writer: string }>(
    `select distinct virtualtransaction as writer ${WRITING}`,
  );
  return { toId, writers: writing.rows.map(({ writer }) => writer) };
}

/** The last id that a row of the audit may have, as far as one can see. */
export async function lastDrawnId(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ id: number }>(
    'select case when is_called then last_value else last_value - 1 end as id from humdrum.audit_id',
  );
  return rows[0]?.id ?? 0;
}

/** A bound that an earlier sealing could not wait for: it is due first, or a log that is always written to would never be sealed. */
export async function keptBound(db: Queryable): Promise<SealBound | null> {
  const { rows } = await db.query<SealBound>(
    'select to_id as "toId", writers from humdrum.seal_bound',
  );
  return rows[0] ?? null;
}

export async function keepBound(db: Queryable, { toId, writers }: SealBound): Promise<void> {
  await db.query(
    'insert into humdrum.seal_bound (to_id, writers) values ($1, $2) on conflict do nothing',
    [toId, writers],
  );
}

export async function dropBound(db: Queryable, { toId }: SealBound): Promise<void> {
  await db.query('delete from humdrum.seal_bound where to_id <= $1', [toId]);
}

/** Waits at most `waitMs` for them to end, and says whether they have. */
export async function writersEnd(
  db: Queryable,
  { writers }: SealBound,
  waitMs: number,
): Promise<boolean> {
  const deadlineMs = performance.now() + waitMs;
  while (writers.length > 0 && (await whoWrites(db))(writers)) {
    if (performance.now() >= deadlineMs) return false;
    await wait(POLL_MS);
  }
  return true;
}

/**
 * Who writes now: tells of transactions whether any of them may still be open. One that is prepared (PREPARE TRANSACTION) loses
 * its number for a moment, and for good when the server crashes. So one that has none (n/0), and one that no process has, may
 * be any of them.
 */
export async function whoWrites(db: Queryable): Promise<(writers: readonly string[]) => boolean> {
  const { rows } = await db.query<{ writer: string; unsure: boolean }>(
    `select distinct virtualtransaction as writer, virtualtransaction like '%/0' or pid is null as unsure ${WRITING}`,
  );
  return (writers) =>
    writers.length > 0 && rows.some(({ writer, unsure }) => unsure || writers.includes(writer));
}
