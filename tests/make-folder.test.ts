import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { makeFolder } from '../src/make-folder.ts';
import { freshFolder } from './support/databases.ts';

it('makes a folder and those above it, and tells which is the topmost', async () => {
  const root = await freshFolder();
  expect(await makeFolder(join(root, 'a', 'b', 'c'))).toBe(join(root, 'a'));
  expect(await makeFolder(join(root, 'a', 'b', 'd'))).toBe(join(root, 'a', 'b', 'd'));
  expect(await makeFolder(join(root, 'a', 'b'))).toBeUndefined();
});

it('makes the same folder many times at once', async () => {
  const root = await freshFolder();
  const made = await Promise.all(
    Array.from({ length: 10 }, () => makeFolder(join(root, 'a', 'b'))),
  );
  expect(made.filter((one) => one === join(root, 'a'))).toHaveLength(1);
});

it('ends where no folder can be made', async () => {
  await expect(makeFolder('/proc/x/y')).rejects.toMatchObject({ code: 'ENOENT' });
  const file = join(await freshFolder(), 'file');
  await writeFile(file, '');
  await expect(makeFolder(file)).rejects.toMatchObject({ code: 'EEXIST' });
  await expect(makeFolder(join(file, 'a'))).rejects.toMatchObject({ code: 'ENOTDIR' });
});
