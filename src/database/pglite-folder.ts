import { existsSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HumdrumError } from '../errors.ts';

/** Stands in a folder in which a database is being made: who finds it there without its maker begins anew. */
const MAKING = 'humdrum.making';
const isOurs = (name: string): boolean => name.startsWith('humdrum.');

/** Calls `make` with whether there is no database yet. Whoever calls holds the folder. Errors: `config-invalid`. */
export async function inFolder<T>(
  folder: string,
  make: (isNew: boolean) => Promise<T>,
): Promise<T> {
  const mark = join(folder, MAKING);
  const half = existsSync(mark);
  if (!half && existsSync(join(folder, 'PG_VERSION'))) return make(false);
  const others = (await readdir(folder)).filter((name) => !isOurs(name));
  if (!half && others.length > 0) throw notEmpty(folder, others);
  await writeFile(mark, '');
  for (const name of others) await rm(join(folder, name), { recursive: true });
  const made = await make(true);
  await rm(mark);
  return made;
}

function notEmpty(folder: string, [first]: readonly string[]): HumdrumError {
  return new HumdrumError(
    'config-invalid',
    `The folder ${folder} holds something else than a database, like ${first}. Name one that is empty, or not there yet.`,
  );
}
