import type { Queryable } from './database.ts';

/** The open transactions of other sessions that write to a table. */
export interface Writers {
  ids: string[];
  /** One of them has no number, so it may be any that was seen before. */
  unsure: boolean;
}

/**
 * Reads them by the table lock that every write takes before anything else, and holds to the end. PostgreSQL makes a commit
 * visible before it releases the locks. A prepared transaction (PREPARE TRANSACTION) loses its number for a moment, and for
 * good if the server crashes.
 */
export async function writersOf(db: Queryable, table: string): Promise<Writers> {
  const { rows } = await db.query<{ writer: string; unsure: boolean }>(
    `select distinct virtualtransaction as writer, virtualtransaction like '%/0' or pid is null as unsure
     from pg_catalog.pg_locks
     where locktype = 'relation' and relation = $1::text::regclass and mode = 'RowExclusiveLock' and granted
       and database = (select oid from pg_catalog.pg_database where datname = current_database())
       and pid is distinct from pg_backend_pid()`,
    [table],
  );
  return {
    ids: rows.map(({ writer }) => writer),
    unsure: rows.some(({ unsure }) => unsure),
  };
}

/** Whether any of these transactions may still be open. */
export function mayBeOpen(open: Writers, ids: readonly string[]): boolean {
  return ids.length > 0 && (open.unsure || ids.some((id) => open.ids.includes(id)));
}
