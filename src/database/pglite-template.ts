import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { packageFile } from './package-files.ts';

const MIGRATIONS = packageFile('migrations/engine/');

/**
 * The data folder that a new embedded database starts from: the engine's tables, empty. The build creates it for one version of
 * PGlite and one set of migrations.
 */
export async function templateFile(): Promise<URL> {
  const entry = pathToFileURL(createRequire(import.meta.url).resolve('@electric-sql/pglite'));
  const about = await readFile(new URL('../package.json', entry), 'utf8');
  const { version } = JSON.parse(about) as { version: string };
  const name = `${version}-${await migrationsHash()}.tar.gz`;
  return packageFile(`templates/pglite/${name}`);
}

/** The template for `loadDataDir`. Undefined if none fits: PGlite then creates an empty database, which takes three times as long. */
export async function newDatabase(): Promise<Blob | undefined> {
  const bytes = await readTemplate().catch(() => undefined);
  return bytes && new Blob([bytes], { type: 'application/x-gzip' });
}

async function readTemplate(): Promise<Buffer<ArrayBuffer>> {
  return readFile(await templateFile());
}

async function migrationsHash(): Promise<string> {
  const names = (await readdir(MIGRATIONS)).toSorted();
  const files = await Promise.all(names.map((name) => readFile(new URL(name, MIGRATIONS))));
  const hash = createHash('sha256');
  for (const file of files) hash.update(file).update('\0');
  return hash.digest('hex').slice(0, 12);
}
