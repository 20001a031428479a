import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openPglite } from '../../src/database/pglite.ts';
import { newDatabase } from '../../src/database/pglite-template.ts';
import { freshFolder } from '../support/databases.ts';

async function answerOf(folder: string): Promise<unknown> {
  const db = await openPglite({ folder });
  const { rows } = await db.query('select 1 as one');
  await db.close();
  return rows;
}

it('begins anew where a process died while it made the database, and keeps what was made', async () => {
  const folder = await freshFolder();
  await mkdir(join(folder, 'base'));
  await writeFile(join(folder, 'PG_VERSION'), '18\n');
  await writeFile(join(folder, 'humdrum.making'), '');
  expect(await answerOf(folder)).toEqual([{ one: 1 }]);
  const db = await openPglite({ folder });
  await db.query('create table kept (id integer)');
  await db.close();
  expect(await readdir(folder)).not.toContain('humdrum.making');
  const again = await openPglite({ folder });
  expect((await again.query('select * from kept')).rows).toEqual([]);
  await again.close();
});

it('leaves a folder alone that holds something else', async () => {
  const folder = await freshFolder();
  await writeFile(join(folder, 'thesis.txt'), 'all of it');
  await expect(openPglite({ folder })).rejects.toMatchObject({
    code: 'config-invalid',
    message: expect.stringContaining('such as thesis.txt. Choose an empty folder') as string,
  });
  expect(await readdir(folder)).toEqual(['thesis.txt']);
  await rename(join(folder, 'thesis.txt'), `${folder}.txt`);
  await rm(`${folder}.txt`);
  expect(await answerOf(folder)).toEqual([{ one: 1 }]);
});

it('has what a new database begins as from the build', async () => {
  expect((await newDatabase())?.size).toBeGreaterThan(1_000_000);
});
