import type { Database } from '../../src/database/database.ts';

/**
 * Removes all rows and starts all sequences anew, but for the list of migrations. Only tables that have had a row are truncated,
 * which are a few of many: a file of no bytes shows it. No trigger keeps facts in a session that plays a replica, so no
 * definition has to be changed for it. Needs a superuser.
 */
const EMPTY = `
do $$
declare used text;
begin
  set local session_replication_role = replica;
  select string_agg(format('%I.%I', nspname, relname), ', ') into used
  from pg_class join pg_namespace on pg_namespace.oid = relnamespace
  where relkind = 'r' and nspname !~ '^pg_' and nspname <> 'information_schema'
    and (nspname, relname) <> ('humdrum', 'migration') and pg_relation_size(pg_class.oid) > 0;
  if used is not null then execute 'truncate ' || used || ' cascade'; end if;
  perform setval(seqrelid::regclass, seqstart, false) from pg_sequence;
end $$`;

export async function emptyTables(db: Database): Promise<void> {
  await db.query(EMPTY);
}
