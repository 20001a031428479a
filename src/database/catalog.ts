import type { Queryable } from './database.ts';

/**
 * Lists the objects in these schemas, one per line, to detect manual changes. Leaves out partitions, which are created and
 * dropped all the time, and details that PostgreSQL prints differently from version to version.
 */
export async function readCatalog(db: Queryable, schemas: readonly string[]): Promise<string[]> {
  const { rows } = await db.query<{ thing: string }>(
    `with place as (select oid, nspname from pg_namespace where nspname = any ($1)),
     relation as (
       select pg_class.oid, nspname || '.' || relname as name, relkind from pg_class join place on place.oid = relnamespace
       where not relispartition
     )
     select 'column ' || name || '.' || attname || ' ' || format_type(atttypid, atttypmod)
         || case when attnotnull then ' not null' else '' end as thing
     from relation join pg_attribute on attrelid = relation.oid
     where relkind in ('r', 'p', 'v') and attnum > 0 and not attisdropped
     union all
     select 'index ' || name || case when indisunique then ' unique' else '' end
         || case when indisvalid then '' else ' not valid' end
     from relation join pg_index on indexrelid = relation.oid where relkind in ('i', 'I')
     union all
     select 'sequence ' || name from relation where relkind = 'S'
     union all
     select 'trigger ' || tgname || ' on ' || name || case tgenabled when 'O' then '' else ' not enabled' end
     from relation join pg_trigger on tgrelid = relation.oid where not tgisinternal
     union all
     select 'constraint ' || conname || ' on ' || name
     from relation join pg_constraint on conrelid = relation.oid where contype in ('c', 'p', 'u', 'f')
     union all
     select 'constraint ' || conname || ' on domain ' || nspname || '.' || typname
     from pg_constraint join pg_type on pg_type.oid = contypid join place on place.oid = typnamespace where contype = 'c'
     union all
     select 'function ' || nspname || '.' || proname || '(' || pg_get_function_identity_arguments(pg_proc.oid) || ') '
         || md5(prosrc)
     from pg_proc join place on place.oid = pronamespace
     order by thing`,
    [schemas],
  );
  return rows.map(({ thing }) => thing);
}
