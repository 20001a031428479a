import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { migrate, planMigrations, type MigrationSet } from '../../src/database/migrate.ts';
import { eachBackend, freshFolder } from '../support/databases.ts';

async function setOf(files: Record<string, string>): Promise<MigrationSet> {
  const folder = await freshFolder();
  await mkdir(folder, { recursive: true });
  for (const [name, sql] of Object.entries(files)) await writeFile(join(folder, name), sql);
  return { name: 'test', folder: pathToFileURL(`${folder}/`) };
}

eachBackend('migrations', (fresh) => {
  it('apply once, in order, and can be planned before', async () => {
    const db = await fresh();
    const set = await setOf({
      '0001_one.sql': 'create table one (id int); create table uno (id int);',
      '0002_two.sql': 'alter table one add column two int;',
    });
    const names = ['0001_one.sql', '0002_two.sql'];
    expect((await planMigrations(db, [set])).map(({ name }) => name)).toEqual(names);
    expect((await migrate(db, [set])).map(({ name }) => name)).toEqual(names);
    expect(await migrate(db, [set])).toEqual([]);
    expect(await planMigrations(db, [set])).toEqual([]);
    await db.query('select two from one, uno');
  });

  it('apply once where many processes start at the same time', async () => {
    const db = await fresh();
    const set = await setOf({ '0001_one.sql': 'create table one (id int)' });
    const applied = await Promise.all([1, 2, 3, 4].map(() => migrate(db, [set])));
    expect(applied.flat()).toHaveLength(1);
  });

  it('refuse a file that was changed after it was applied', async () => {
    const db = await fresh();
    const set = await setOf({ '0001_one.sql': 'create table one (id int)' });
    await migrate(db, [set]);
    await writeFile(new URL('0001_one.sql', set.folder), 'create table one (id bigint)');
    await expect(migrate(db, [set])).rejects.toMatchObject({
      code: 'migration-changed',
      message: expect.stringContaining('test/0001_one.sql') as string,
    });
  });

  it('take a file with other line ends for the same', async () => {
    const db = await fresh();
    const set = await setOf({ '0001_one.sql': 'create table one (\n  id int\n);\n' });
    await migrate(db, [set]);
    await writeFile(
      new URL('0001_one.sql', set.folder),
      'create table one (\r\n  id int\r\n);\r\n',
    );
    expect(await migrate(db, [set])).toEqual([]);
  });

  it('say where the files are missing, and why', async () => {
    const db = await fresh();
    const folder = new URL('nowhere/', (await setOf({})).folder);
    for (const set of [{ name: 'test', folder }, await setOf({})]) {
      await expect(migrate(db, [set])).rejects.toMatchObject({
        code: 'migrations-missing',
        message: expect.stringMatching(/bundler.*serverExternalPackages.*--external/) as string,
      });
    }
  });

  it('leave nothing half done', async () => {
    const db = await fresh();
    const set = await setOf({
      '0001_one.sql': 'create table one (id int)',
      '0002_two.sql': 'create tabel two',
    });
    await expect(migrate(db, [set])).rejects.toThrow(/syntax error/);
    await expect(db.query('select * from one')).rejects.toThrow(/does not exist/);
    expect(await planMigrations(db, [set])).toHaveLength(2);
  });
});
