import type { Queryable } from '../../src/database/database.ts';

/**
 * Dumps the whole database as text, without the system schemas: definitions, rows and sequences. Databases with equal dumps are
 * indistinguishable to readers. Tests compare dumps before and after a rehearsal byte by byte.
 */
export async function dump(db: Queryable): Promise<string> {
  const lines: string[] = [];
  for (const [title, sql] of Object.entries(CATALOG)) {
    lines.push(`# ${title}`, ...(await linesOf(db, sql)));
  }
  for (const table of await linesOf(db, TABLES_WITH_ROWS)) {
    lines.push(`# rows of ${table}`);
    lines.push(
      ...(await linesOf(db, `select line::text from only ${table} line order by ${ROW_ORDER}`)),
    );
  }
  for (const sequence of await linesOf(db, SEQUENCES)) {
    lines.push(`# sequence ${sequence}`);
    lines.push(
      ...(await linesOf(db, `select format('%s %s', last_value, is_called) from ${sequence}`)),
    );
  }
  return lines.join('\n');
}

/** `sql` returns one text column. */
async function linesOf(db: Queryable, sql: string): Promise<string[]> {
  const { rows } = await db.query<Record<string, string>>(sql);
  return rows.flatMap((row) => Object.values(row));
}

const ROW_ORDER = 'line::text collate "C"';

/** Excludes system schemas, and temporary schemas, which belong to other sessions. */
const ours = (schema: string): string =>
  `${schema} !~ '^pg_' and ${schema} <> 'information_schema'`;

const relations = (kinds: string, answer: string): string => `
  select ${answer}
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where ${ours('n.nspname')} and c.relkind in (${kinds}) and c.relispopulated
  order by 1`;

const NAME = `format('%I.%I', n.nspname, c.relname)`;
const TABLES_WITH_ROWS = relations(`'r', 'm'`, NAME);
const SEQUENCES = relations(`'S'`, NAME);

/** The parts that object `c` in schema `n` owns, one per line. */
const partsOf = (join: string, answer: string): string => `
  select format('%I.%I ', n.nspname, c.relname) || ${answer}
  from pg_class c join pg_namespace n on n.oid = c.relnamespace ${join}
  where ${ours('n.nspname')}
  order by 1`;

const CATALOG = {
  schemas: `select nspname from pg_namespace where ${ours('nspname')} order by 1`,
  extensions: `select format('%s %s', extname, extversion) from pg_extension order by 1`,
  relations: relations(
    `'r', 'p', 'v', 'm', 'S', 'f', 'c'`,
    `concat_ws(' ', ${NAME}, c.relkind, c.relpersistence, c.reloptions::text, pg_get_partkeydef(c.oid),
      pg_get_expr(c.relpartbound, c.oid), c.relacl::text, c.relrowsecurity, obj_description(c.oid, 'pg_class'))`,
  ),
  columns: partsOf(
    `join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and c.relkind <> 'i'
     left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum`,
    `concat_ws(' ', to_char(a.attnum, 'FM0000'), a.attname, format_type(a.atttypid, a.atttypmod),
      case when a.attnotnull then 'not null' end, a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid),
      col_description(c.oid, a.attnum))`,
  ),
  constraints: partsOf(
    'join pg_constraint k on k.conrelid = c.oid',
    `concat_ws(' ', k.conname, pg_get_constraintdef(k.oid), k.convalidated)`,
  ),
  indexes: partsOf(
    'join pg_index i on i.indexrelid = c.oid',
    `concat_ws(' ', pg_get_indexdef(c.oid), i.indisvalid)`,
  ),
  triggers: partsOf(
    'join pg_trigger t on t.tgrelid = c.oid and not t.tgisinternal',
    `concat_ws(' ', pg_get_triggerdef(t.oid), t.tgenabled)`,
  ),
  // A view is defined by its rule.
  rules: partsOf('join pg_rewrite r on r.ev_class = c.oid', 'pg_get_ruledef(r.oid)'),
  policies: partsOf(
    'join pg_policy p on p.polrelid = c.oid',
    `concat_ws(' ', p.polname, p.polcmd, pg_get_expr(p.polqual, c.oid), pg_get_expr(p.polwithcheck, c.oid))`,
  ),
  'sequences as defined': `
    select format('%I.%I %s', schemaname, sequencename,
      concat_ws(' ', data_type, start_value, min_value, max_value, increment_by, cycle, cache_size))
    from pg_sequences where ${ours('schemaname')} order by 1`,
  functions: `
    select case when p.prokind = 'a' then p.oid::regprocedure::text else pg_get_functiondef(p.oid) end
    from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where ${ours('n.nspname')} order by 1`,
  types: `
    select concat_ws(' ', format('%I.%I', n.nspname, t.typname), t.typtype,
      (select string_agg(e.enumlabel, ',' order by e.enumsortorder) from pg_enum e where e.enumtypid = t.oid),
      (select string_agg(pg_get_constraintdef(k.oid), ',' order by k.conname) from pg_constraint k
       where k.contypid = t.oid))
    from pg_type t join pg_namespace n on n.oid = t.typnamespace
    where ${ours('n.nspname')} and t.typtype in ('e', 'd', 'r', 'm') order by 1`,
};
