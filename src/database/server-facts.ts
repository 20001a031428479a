import type { Database, Queryable } from './database.ts';

/** Facts about the server for `humdrum doctor` and `humdrum db status`. They need none of our tables. */
export interface ServerFacts {
  backend: Database['backend'];
  version: string;
  /** 140012 for 14.12. */
  versionNumber: number;
  /** Size of this database. */
  bytes: number;
}

export async function readServer(db: Database): Promise<ServerFacts> {
  const { rows } = await db.query<Omit<ServerFacts, 'backend'>>(
    `select current_setting('server_version') as version,
       current_setting('server_version_num')::integer as "versionNumber",
       pg_database_size(current_database()) as bytes`,
  );
  const [row] = rows;
  if (!row) throw new Error('The server facts query returned no row.');
  return { backend: db.backend, ...row };
}

/** How far the server's clock is ahead of this machine's, in milliseconds, and the measurement error. */
export async function readClockDifference(
  db: Queryable,
): Promise<{ aheadMs: number; withinMs: number }> {
  const before = Date.now();
  const { rows } = await db.query<{ now: number }>(
    'select extract(epoch from clock_timestamp())::float8 * 1000 as now',
  );
  const after = Date.now();
  const withinMs = (after - before) / 2;
  return { aheadMs: (rows[0]?.now ?? after) - (before + withinMs), withinMs };
}

export interface ConnectionCount {
  used: number;
  /** Limit for roles that are not superusers. */
  most: number;
}

export async function countConnections(db: Queryable): Promise<ConnectionCount> {
  const { rows } = await db.query<ConnectionCount>(
    `select count(*) as used, current_setting('max_connections')::integer
       - current_setting('superuser_reserved_connections')::integer as most
     from pg_stat_activity where backend_type = 'client backend'`,
  );
  return rows[0] ?? { used: 0, most: 0 };
}

/** Something that keeps vacuum from removing dead rows. */
export interface HorizonHolder {
  kind: 'transaction' | 'prepared transaction' | 'replication slot' | 'replica';
  /** A process id, or a name. */
  who: string;
  /** Its current activity, as far as this role may see it. */
  doing: string | null;
  /** How long it has been open. Null if PostgreSQL does not report it. */
  seconds: number | null;
  /** Number of transactions begun since. */
  transactions: number;
}

/** Holders of the oldest horizon first, at most 20. */
export async function horizonHolders(db: Queryable): Promise<HorizonHolder[]> {
  const { rows } = await db.query<HorizonHolder>(
    `select * from (
       select 'transaction' as kind, pid::text as who, concat_ws(' ', application_name, state, left(query, 80)) as doing,
         extract(epoch from clock_timestamp() - xact_start)::float8 as seconds,
         coalesce(greatest(age(backend_xmin), age(backend_xid)), 0) as transactions
       from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid() and xact_start is not null
       union all
       select 'prepared transaction', gid, owner::text, extract(epoch from clock_timestamp() - prepared)::float8, age(transaction)
       from pg_prepared_xacts
       union all
       select 'replication slot', slot_name::text, null, null, coalesce(greatest(age(xmin), age(catalog_xmin)), 0)
       from pg_replication_slots where xmin is not null or catalog_xmin is not null
       union all
       select 'replica', pid::text, application_name, null, age(backend_xmin)
       from pg_stat_replication where backend_xmin is not null
     ) as holder order by transactions desc, seconds desc nulls last limit 20`,
  );
  return rows;
}

export interface DeadRows {
  table: string;
  live: number;
  dead: number;
  vacuumedAt: Date | null;
}

/** The tables in these schemas with the most dead rows, at most 20. */
export async function deadRows(db: Queryable, schemas: readonly string[]): Promise<DeadRows[]> {
  const { rows } = await db.query<DeadRows>(
    `select schemaname || '.' || relname as table, n_live_tup as live, n_dead_tup as dead,
       greatest(last_vacuum, last_autovacuum) as "vacuumedAt"
     from pg_stat_user_tables where schemaname = any ($1) order by n_dead_tup desc limit 20`,
    [schemas],
  );
  return rows;
}

/** Settings that decide whether commits survive a crash. */
export async function readDurability(
  db: Queryable,
): Promise<{ fsync: boolean; synchronousCommit: string }> {
  const { rows } = await db.query<{ fsync: boolean; synchronousCommit: string }>(
    `select current_setting('fsync')::boolean as fsync, current_setting('synchronous_commit') as "synchronousCommit"`,
  );
  return rows[0] ?? { fsync: false, synchronousCommit: 'off' };
}
