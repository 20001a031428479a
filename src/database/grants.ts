import { HumdrumError } from '../errors.ts';
import type { Database, Queryable } from './database.ts';
import { identifier } from './rights.ts';

/**
 * What a worker needs, from the catalogue: every object of these schemas and what is done to it. $1: the role, null for the
 * current one. $2: the schemas. Parts of the history are reached through their whole, and so need no right of their own. A table
 * whose updates or deletes a trigger refuses needs no right to them. Numbers of identity columns need none on their sequence.
 */
const MISSING = `
with role as (select coalesce($1, current_user)::name as name),
namespace as (select oid, nspname, nspowner as owner from pg_namespace where nspname = any ($2::text[])),
wanted (rank, object, privilege, owner, has) as (
  select 1, 'schema ' || quote_ident(nspname), 'usage', owner, has_schema_privilege(role.name, oid, 'usage') from namespace, role
  union all
  select 2, 'table ' || quote_ident(nspname) || '.' || quote_ident(relname), privilege, relowner,
    has_table_privilege(role.name, pg_class.oid, privilege)
  from pg_class join namespace on namespace.oid = relnamespace cross join role
  cross join lateral (
    select coalesce(bit_or(tgtype::integer), 0) as refused from pg_trigger
    where tgrelid = pg_class.oid and tgtype::integer & 3 = 2 and tgfoid::regproc::text ~ '\\.refuse_change$'
  ) as facts
  cross join lateral unnest(array['select', 'insert', 'update', 'delete']) as privilege
  where relkind in ('r', 'p', 'v') and not (nspname = 'humdrum' and relispartition)
    and (privilege = 'select' or not (relkind = 'v' or nspname = 'humdrum' and relname = 'migration'))
    and not (privilege = 'update' and refused & 16 > 0) and not (privilege = 'delete' and refused & 8 > 0)
  union all
  select 3, 'sequence ' || quote_ident(nspname) || '.' || quote_ident(relname), privilege, relowner,
    has_sequence_privilege(role.name, pg_class.oid, privilege)
  from pg_class join namespace on namespace.oid = relnamespace cross join role
  cross join lateral unnest(array['select', 'usage', 'update']) as privilege
  where relkind = 'S' and not exists (select from pg_depend where objid = pg_class.oid and deptype = 'i')
  union all
  select 4, 'function ' || pg_proc.oid::regprocedure, 'execute', proowner, has_function_privilege(role.name, pg_proc.oid, 'execute')
  from pg_proc join namespace on namespace.oid = pronamespace cross join role where prorettype <> 'trigger'::regtype
)
select object, array_agg(privilege order by strpos('select usage insert update delete', privilege)) as privileges, pg_get_userbyid(owner) as owner, pg_has_role(owner, 'usage') as "mayGive"
from wanted where not has group by rank, object, owner order by rank, object`;

/** Rights that a role lacks. */
export interface MissingRight {
  /** As in a GRANT: `table humdrum.ready`. */
  object: string;
  privileges: string[];
  /** The role that may give them. */
  owner: string;
  /** Whether the current role is that one, or may act as it. */
  mayGive: boolean;
}

/** What a role lacks of the rights of a worker. `role`: null for the current one. */
export async function missingRights(
  db: Queryable,
  schemas: readonly string[],
  role: string | null = null,
): Promise<MissingRight[]> {
  const { rows } = await db.query<MissingRight>(MISSING, [role, schemas]);
  return rows;
}

/**
 * Gives a role the rights of a worker that it lacks, audited, in one transaction. Returns the statements. Errors: `not-found`,
 * `rights-missing`.
 */
export async function grantRights(
  db: Database,
  schemas: readonly string[],
  { role, actor }: { role: string; actor: string },
): Promise<string[]> {
  return db.transaction(async (tx) => {
    const roles = await tx.query('select from pg_roles where rolname = $1', [role]);
    if (roles.rows.length === 0) throw noRole(role);
    const missing = await missingRights(tx, schemas, role);
    const others = missing.find(({ mayGive }) => !mayGive);
    if (others) throw notTheOwner(others);
    const statements = missing.map(
      ({ object, privileges }) =>
        `grant ${privileges.join(', ')} on ${object} to ${identifier(role)}`,
    );
    if (statements.length === 0) return [];
    await tx.script(statements.join(';\n'));
    await tx.query(
      `insert into humdrum.audit (at, event, actor, reason) values (humdrum.clock(), 'granted', $1, $2)`,
      [actor, `rights of a worker to the database role "${role}"`],
    );
    return statements;
  });
}

function noRole(role: string): HumdrumError {
  return new HumdrumError(
    'not-found',
    `PostgreSQL has no role "${role}". Create it first: create role ${identifier(role)} login;`,
  );
}

function notTheOwner({ object, owner }: MissingRight): HumdrumError {
  return new HumdrumError(
    'rights-missing',
    `This role may not give rights on the ${object}, which belongs to "${owner}". Connect as "${owner}".`,
  );
}
