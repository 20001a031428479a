import type { Database } from '../../database/database.ts';

/** Facts about the engine's database. */
export interface DatabaseFacts {
  backend: Database['backend'];
  /** The PostgreSQL version. */
  version: string;
  name: string;
  bytes: number;
  /** The database's clock, the only one that the engine uses. */
  now: Date;
  /** The 20 largest tables, with their indexes. `rows` is an estimate; null if never analyzed. */
  tables: { name: string; bytes: number; rows: number | null }[];
  migrations: { set: string; name: string; appliedAt: Date }[];
}

const FACTS = `
select current_setting('server_version') as version, current_database() as name, pg_database_size(current_database()) as bytes, humdrum.clock() as now`;

const TABLES = `
select nspname || '.' || relname as name, pg_total_relation_size(pg_class.oid) as bytes,
  case when reltuples >= 0 then reltuples::bigint end as rows
from pg_class join pg_namespace on pg_namespace.oid = relnamespace
where relkind = 'r' and nspname not in ('pg_catalog', 'information_schema') and nspname not like 'pg\\_%'
order by 2 desc, 1 limit 20`;

const MIGRATIONS = `
select set, name, applied_at as "appliedAt" from humdrum.migration order by set, number`;

export async function databaseFacts(db: Database): Promise<DatabaseFacts> {
  const facts = await db.query<Pick<DatabaseFacts, 'version' | 'name' | 'bytes' | 'now'>>(FACTS);
  const [row] = facts.rows;
  if (!row) throw new Error('The facts query returned no row.');
  const tables = await db.query<DatabaseFacts['tables'][number]>(TABLES);
  const migrations = await db.query<DatabaseFacts['migrations'][number]>(MIGRATIONS);
  return { backend: db.backend, ...row, tables: tables.rows, migrations: migrations.rows };
}
