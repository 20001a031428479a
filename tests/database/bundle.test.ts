import { execFile } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { freshFolder, freshUrl } from '../support/databases.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BUNDLER = join(ROOT, 'node_modules/.bin/rolldown');

const program = (url: string): string => `
import { createHumdrum } from 'humdrum';
createHumdrum({ database: ${JSON.stringify(url)} }).then(
  (humdrum) => humdrum.close().then(() => console.log('works')),
  ({ code, message }) => console.log(code, message),
);`;

it.each(['esm', 'cjs'])(
  'a bundle in %s names the setting that keeps the SQL files, and works with it',
  { timeout: 120_000 },
  async (format) => {
    const folder = await freshFolder();
    const modules = join(folder, 'node_modules');
    await mkdir(modules);
    await symlink(ROOT, join(modules, 'humdrum'));
    for (const name of ['pg', '@electric-sql']) {
      await symlink(join(ROOT, 'node_modules', name), join(modules, name));
    }
    const url = await freshUrl();
    await writeFile(join(folder, 'app.mjs'), program(url));
    const type = format === 'esm' ? 'module' : 'commonjs';
    await writeFile(join(folder, 'package.json'), JSON.stringify({ type }));
    const bundle = async (...externals: string[]): Promise<string> => {
      const external = ['pg', '@electric-sql/pglite', ...externals].flatMap((name) => ['-e', name]);
      const args = ['app.mjs', '--dir', 'out', '--platform', 'node', '--format', format];
      await run(BUNDLER, [...args, ...external], { cwd: folder });
      return (await run(process.execPath, ['out/app.js'], { cwd: folder })).stdout;
    };
    expect(await bundle()).toMatch(
      /^migrations-missing .*serverExternalPackages.*--external:humdrum/,
    );
    expect(await bundle('humdrum')).toBe('works\n');
  },
);
