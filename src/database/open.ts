import { HumdrumError } from '../errors.ts';
import type { Database } from './database.ts';

/** Whether this is a folder for the embedded database rather than a server's URL. Errors: `config-invalid`. */
export function isFolder(where: string): boolean {
  const [, scheme] = /^([a-z][a-z\d+.-]*):\/\//i.exec(where) ?? [];
  if (scheme === undefined) return true;
  if (/^postgres(ql)?$/.test(scheme)) return false;
  throw new HumdrumError(
    'config-invalid',
    `Unsupported database URL ${scheme}://…. Use a PostgreSQL URL (postgres://…) or a folder for the embedded database.`,
  );
}

export interface OpenOptions {
  /** Most connections to a server. */
  max: number;
  /** False: an embedded database that does not exist is refused. Default: true. */
  create?: boolean;
}

/**
 * Opens a server for a `postgres://` URL, the embedded database for a folder, or an in-memory one if `where` is undefined. Errors:
 * `database-missing`, `database-locked`, `database-unreachable`, `pg-missing`.
 */
export async function openDatabase(
  where: string | undefined,
  { max, create = true }: OpenOptions,
): Promise<Database> {
  if (where === undefined || isFolder(where)) {
    const { openPglite } = await import('./pglite.ts');
    return openPglite(where === undefined ? {} : { folder: where, create });
  }
  const { openPostgres } = await import('./postgres.ts');
  return openPostgres(where, { max });
}
