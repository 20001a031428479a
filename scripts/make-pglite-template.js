// Part of the build: creates the data folder that new embedded databases start from, once per version of PGlite and set of
// engine migrations. See pglite-template.ts.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';
import { migrate } from '../dist/database/migrate.js';
import { openPglite } from '../dist/database/pglite.js';
import { templateFile } from '../dist/database/pglite-template.js';
import { migrationSets } from '../dist/engine/job/pack.js';

const file = await templateFile();
if (!existsSync(file)) {
  const folder = new URL('.', file);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const pglite = await PGlite.create();
  await migrate(await openPglite({ instance: pglite }), migrationSets([]));
  await pglite.exec('checkpoint');
  const data = await pglite.dumpDataDir('gzip');
  await pglite.close();
  const draft = new URL(`${file.href}.${process.pid}`);
  writeFileSync(draft, Buffer.from(await data.arrayBuffer()));
  renameSync(draft, file);
}
