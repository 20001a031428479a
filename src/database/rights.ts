import { HumdrumError } from '../errors.ts';
import type { Queryable } from './database.ts';
import { sqlstateOf } from './error-kind.ts';

const CREATE_SCHEMA = /^create schema if not exists (\w+);$/gm;
const INSUFFICIENT_PRIVILEGE = '42501';

interface Rights {
  role: string;
  database: string;
  exists: boolean;
  mayCreateSchema: boolean;
  mayCreateTables: boolean;
}

/** A string as an SQL identifier, quoted where PostgreSQL needs it. */
export function identifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : `"${name.replaceAll('"', '""')}"`;
}

/**
 * Runs a migration's SQL. A schema that exists is not created: even with `if not exists`, PostgreSQL refuses that to a role
 * without CREATE on the database. Errors: `rights-missing`.
 */
export async function runScript(
  tx: Queryable & { script(sql: string): Promise<void> },
  sql: string,
): Promise<void> {
  for (const [, schema = ''] of sql.matchAll(CREATE_SCHEMA)) {
    if (!(await schemaExists(tx, schema))) await tx.script(`create schema ${schema}`);
  }
  await tx.script(sql.replace(CREATE_SCHEMA, ''));
}

/** Errors: `rights-missing`, with what gives the right. */
async function schemaExists(db: Queryable, schema: string): Promise<boolean> {
  const { rows } = await db.query<Rights>(
    `select current_user as role, current_database() as database, namespace.oid is not null as exists,
       has_database_privilege(current_database(), 'create') as "mayCreateSchema",
       coalesce(has_schema_privilege(namespace.oid, 'create') and has_schema_privilege(namespace.oid, 'usage'), false) as "mayCreateTables"
     from (select) as one left join pg_namespace as namespace on nspname = $1`,
    [schema],
  );
  const [rights] = rows;
  if (!rights) throw new Error('The query of rights returned no row.');
  const { role, database, exists, mayCreateSchema, mayCreateTables } = rights;
  if (!exists && !mayCreateSchema) {
    throw missing(
      `The role "${role}" may not create the schema "${schema}" in the database "${database}". ` +
        `As the owner of the database: create schema ${schema} authorization ${identifier(role)};`,
    );
  }
  if (exists && !mayCreateTables) {
    throw missing(
      `The role "${role}" may not create tables in the schema "${schema}". ` +
        `As its owner: grant usage, create on schema ${schema} to ${identifier(role)};`,
    );
  }
  return exists;
}

/** A refusal by PostgreSQL for want of a right becomes `rights-missing`. Any other error stays as it is. */
export function explainRefusal(error: unknown, say: (refusal: string) => string): unknown {
  if (!(error instanceof Error) || sqlstateOf(error) !== INSUFFICIENT_PRIVILEGE) return error;
  return missing(say(error.message), error);
}

function missing(message: string, cause?: Error): HumdrumError {
  return new HumdrumError('rights-missing', message, cause && { cause });
}
