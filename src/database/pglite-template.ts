import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

/** Where the build of this package keeps what a new embedded database begins as. It fits one version of PGlite only. */
export async function templateFile(): Promise<URL> {
  const entry = pathToFileURL(createRequire(import.meta.url).resolve('@electric-sql/pglite'));
  const about = await readFile(new URL('../package.json', entry), 'utf8');
  const { version } = JSON.parse(about) as { version: string };
  return new URL(`../../templates/pglite/${version}.tar.gz`, import.meta.url);
}

/** An empty database for `loadDataDir`. Undefined: there is none for this version, and PGlite makes one, in three times as long. */
export async function newDatabase(): Promise<Blob | undefined> {
  const bytes = await readFile(await templateFile()).catch(() => undefined);
  return bytes && new Blob([bytes], { type: 'application/x-gzip' });
}
