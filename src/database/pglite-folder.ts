import { existsSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HumdrumError } from '../errors.ts';

/** Marks a folder whose database is being created. If the creator died, the next process starts over. */
const MARKER = 'humdrum.making';
const isOurs = (name: string): boolean => name.startsWith('humdrum.');

/** Calls `make` with whether the folder has no database yet. The caller must hold the folder's lock. Errors: `config-invalid`. */
export async function inFolder<T>(
  folder: string,
  make: (isNew: boolean) => Promise<T>,
): Promise<T> {
  const marker = join(folder, MARKER);
  const isUnfinished = existsSync(marker);
  if (!isUnfinished && existsSync(join(folder, 'PG_VERSION'))) return make(false);
  const others = (await readdir(folder)).filter((name) => !isOurs(name));
  if (!isUnfinished && others.length > 0) throw notEmpty(folder, others);
  await writeFile(marker, '');
  for (const name of others) await rm(join(folder, name), { recursive: true });
  const made = await make(true);
  await rm(marker);
  return made;
}

function notEmpty(folder: string, [first]: readonly string[]): HumdrumError {
  return new HumdrumError(
    'config-invalid',
    `The folder ${folder} contains other files, such as ${first}. Choose an empty folder or one that does not exist yet.`,
  );
}
