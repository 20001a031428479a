import { execFile } from 'node:child_process';
import { copyFile, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeEach, describe, expect, it } from 'vitest';
import { freshFolder } from './support/databases.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const CONFIGURATION = ['package.json', 'tsconfig.json', '.oxlintrc.json', '.prettierrc.json'];

const CLEAN = `export async function answer(): Promise<number> {
  return Promise.resolve(42);
}
`;

const FAULTS: Record<string, string> = {
  'typescript(no-explicit-any)': 'export const a: any = 1;',
  'typescript(no-floating-promises)': 'answer();',
  'typescript(no-misused-promises)': 'if (answer()) throw new Error();',
  'typescript(await-thenable)': 'await 1;',
  'typescript(no-unsafe-assignment)': `export const b = JSON.parse('1');`,
  'typescript(no-unsafe-member-access)': `export const c: unknown = JSON.parse('1').c;`,
  'typescript(no-non-null-assertion)': 'export const d = process.argv[0]!;',
  'typescript(ban-ts-comment)': '// @ts-ignore\nexport const e = 1;',
  'typescript(consistent-type-imports)': `import { Other } from './other.ts';\nexport type F = Other;`,
  'typescript(switch-exhaustiveness-check)':
    'export function g(h: 1 | 2) { switch (h) { case 1: } }',
  'import(no-cycle)': `import { other } from './other.ts';\nexport const i = other;`,
  'eslint(eqeqeq)': 'export const j = (await answer()) == 42;',
  'eslint(no-console)': `console.log('k');`,
};

const OTHER = `import { i } from './planted.ts';
export type Other = string;
export const other: unknown = i;
`;

/**
 * The repository's own commands and configuration, in a folder where nothing is but the planted files. The packages are
 * one folder up: the linter would follow a link within.
 */
describe('the tools', () => {
  let folder = '';

  beforeEach(async () => {
    const outer = await freshFolder();
    await symlink(join(ROOT, 'node_modules'), join(outer, 'node_modules'));
    folder = join(outer, 'repository');
    await plant('planted.ts', CLEAN);
    await plant('other.ts', CLEAN);
    for (const name of CONFIGURATION) await copyFile(join(ROOT, name), join(folder, name));
  });

  async function plant(name: string, text: string): Promise<void> {
    const path = join(folder, 'src/engine', name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }

  function run(script: string): Promise<{ passed: boolean; said: string }> {
    return new Promise((resolve) => {
      execFile('npm', ['run', script], { cwd: folder }, (error, stdout, stderr) => {
        resolve({ passed: error === null, said: stdout + stderr });
      });
    });
  }

  it('lint catches each planted fault', async () => {
    await plant('planted.ts', [CLEAN, ...Object.values(FAULTS), ''].join('\n'));
    await plant('other.ts', OTHER);
    const { passed, said } = await run('lint');
    expect(Object.keys(FAULTS).filter((rule) => !said.includes(rule))).toEqual([]);
    expect(passed).toBe(false);
  });

  it('lint lets clean files pass', async () => {
    const { passed, said } = await run('lint');
    expect(said).toContain('0 errors');
    expect(passed).toBe(true);
  });

  it('format:check catches a badly formatted file', async () => {
    await plant('planted.ts', CLEAN.replace('  return', ' return'));
    const { passed, said } = await run('format:check');
    expect(said).toContain('src/engine/planted.ts');
    expect(passed).toBe(false);
  });

  it('format:check lets well formatted files pass', async () => {
    expect(await run('format:check')).toMatchObject({ passed: true });
  });
});
