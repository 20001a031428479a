import type { Database } from './database.ts';
import { openPglite } from './pglite.ts';

/** Whether this names a folder for the embedded database, and no server. */
export function isFolder(where: string): boolean {
  return !/^postgres(ql)?:\/\//.test(where);
}

/** A server for a `postgres://` URL, else the embedded database in that folder; without either, in memory. */
export async function openDatabase(
  where: string | undefined,
  options: { max: number },
): Promise<Database> {
  if (where === undefined) return openPglite();
  if (isFolder(where)) return openPglite({ folder: where });
  const { openPostgres } = await import('./postgres.ts');
  return openPostgres(where, options);
}
