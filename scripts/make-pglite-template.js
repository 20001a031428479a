// A part of the build: what a new embedded database begins as, made once for each version of PGlite. See pglite-template.ts.
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';
import { templateFile } from '../dist/database/pglite-template.js';

const file = await templateFile();
if (!existsSync(file)) {
  const folder = new URL('.', file);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const pglite = await PGlite.create();
  const data = await pglite.dumpDataDir('gzip');
  await pglite.close();
  const draft = new URL(`${file.href}.${process.pid}`);
  writeFileSync(draft, Buffer.from(await data.arrayBuffer()));
  renameSync(draft, file);
}
