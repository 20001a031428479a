import { execFile } from 'node:child_process';
import { mkdir, readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { freshFolder, freshUrl } from '../support/databases.ts';
import { cli } from '../support/process.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

it('init writes a project whose checks, tests and jobs run', async () => {
  const cwd = await freshFolder();
  const made = await cli(['init', 'My Shop'], { cwd });
  expect(made).toMatchObject({ code: 0, stderr: '' });
  expect(made.stdout).toMatch(/cd My Shop\nnpm install\nnpm test\nnpm start\n$/);
  const project = join(cwd, 'My Shop');
  const { name, scripts, dependencies } = JSON.parse(
    await readFile(join(project, 'package.json'), 'utf8'),
  ) as { name: string; scripts: Record<string, string>; dependencies: Record<string, string> };
  expect(name).toBe('my-shop');
  expect(dependencies['humdrum']).toMatch(/^\^\d+\.\d+\.\d+$/);
  await mkdir(join(project, 'node_modules'));
  await symlink(ROOT, join(project, 'node_modules/humdrum'));
  await symlink(join(ROOT, 'node_modules/zod'), join(project, 'node_modules/zod'));

  expect(scripts['test']).toBe('node --test');
  // What is written where nobody says how differs from version to version.
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--test', '--test-reporter=tap'],
    {
      cwd: project,
      env: { ...process.env, NODE_TEST_CONTEXT: undefined },
    },
  );
  expect(stdout).toMatch(/# pass 2\n# fail 0/);
  const checked = await cli(['check', '--json'], { cwd: project });
  expect(JSON.parse(checked.stdout)).toMatchObject({ ok: true, config: 'humdrum.config.mjs' });
  const ran = await cli(['run', 'hello.greet', '--input', '{"name":"Ada"}'], {
    cwd: project,
    env: { DATABASE_URL: await freshUrl() },
  });
  expect(ran).toMatchObject({ code: 0 });
  expect(ran.stdout).toContain('Hello, Ada!');

  const again = await cli(['init', '.'], { cwd: project });
  expect(again).toMatchObject({ code: 2, stdout: '' });
  expect(again.stderr).toMatch(/already contains package\.json, .*\. Nothing was overwritten/);
}, 240_000);
