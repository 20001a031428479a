import { existsSync, readdirSync } from 'node:fs';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { HumdrumError, nearest } from '../errors.ts';

/** Marks a folder whose database is being created. If the creator died, the next process starts over. */
const MARKER = 'humdrum.making';
const MADE = 'PG_VERSION';
const LOCK = 'humdrum.lock';
const isOurs = (name: string): boolean => name.startsWith('humdrum.');

/**
 * Calls `make` with whether the folder has no database yet. The caller must hold the folder's lock. With `create: false` it
 * opens only what exists. Errors: `config-invalid`, `database-missing`, `database-unreachable`.
 */
export async function inFolder<T>(
  folder: string,
  create: boolean,
  make: (isNew: boolean) => Promise<T>,
): Promise<T> {
  if (holdsDatabase(folder)) {
    await requireMajor(folder);
    return make(false);
  }
  const marker = join(folder, MARKER);
  const isUnfinished = existsSync(marker);
  const others = (await readdir(folder)).filter((name) => !isOurs(name));
  if (!isUnfinished && others.length > 0) throw notEmpty(folder, others);
  if (!create) throw missing(folder);
  await writeFile(marker, '');
  for (const name of others) await rm(join(folder, name), { recursive: true });
  const made = await make(true);
  await rm(marker);
  return made;
}

/** The PostgreSQL that PGlite embeds. Other versions have other files. */
export const EMBEDDED_MAJOR = 18;

/** Errors: `database-unreachable`. */
async function requireMajor(folder: string): Promise<void> {
  const major = (await readFile(join(folder, MADE), 'utf8')).trim();
  if (Number(major) === EMBEDDED_MAJOR) return;
  throw new HumdrumError(
    'database-unreachable',
    `The folder ${folder} holds a database of PostgreSQL ${major || '(unknown)'}, and this version of Humdrum embeds ` +
      `PostgreSQL ${EMBEDDED_MAJOR}, which cannot open it. Use the version of Humdrum that made it, or name another folder ` +
      'with --database or DATABASE_URL. If its data is of no use any more, remove the folder.',
  );
}

/** Whether a whole database is there. */
export function holdsDatabase(folder: string): boolean {
  return existsSync(join(folder, MADE)) && !existsSync(join(folder, MARKER));
}

/** Refuses a folder without a database before anything is written to it. Errors: `config-invalid`, `database-missing`. */
export async function requireDatabase(folder: string): Promise<void> {
  // One that is just being made is locked: then the lock says what to do.
  if ([MADE, MARKER, LOCK].some((name) => existsSync(join(folder, name)))) return;
  const others = existsSync(folder) ? await readdir(folder) : [];
  throw others.length > 0 ? notEmpty(folder, others) : missing(folder);
}

function notEmpty(folder: string, [first]: readonly string[]): HumdrumError {
  return new HumdrumError(
    'config-invalid',
    `The folder ${folder} contains other files, such as ${first}. Choose an empty folder or one that does not exist yet.`,
  );
}

function missing(folder: string): HumdrumError {
  const near = nearestDatabase(folder);
  return new HumdrumError(
    'database-missing',
    `There is no database in ${folder}${existsSync(folder) ? '' : ': the folder does not exist'}.` +
      `${near === null ? '' : ` Did you mean ${near}?`} To create one there: humdrum db migrate, or humdrum start.`,
  );
}

/** A database under a name like this one: of the path, the first part that does not exist may be mistyped. */
function nearestDatabase(folder: string): string | null {
  const whole = resolve(folder);
  let mistyped = whole;
  while (!existsSync(dirname(mistyped))) mistyped = dirname(mistyped);
  const parent = dirname(mistyped);
  const others = foldersIn(parent).filter((name) => name !== basename(mistyped));
  const near = nearest(basename(mistyped), others);
  if (near === null) return null;
  const found = join(parent, near, relative(mistyped, whole));
  if (!holdsDatabase(found)) return null;
  return isAbsolute(folder) ? found : relative(process.cwd(), found);
}

function foldersIn(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch {
    return []; // It may not be read: then there is no hint.
  }
}
