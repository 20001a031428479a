import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { EMBEDDED_MAJOR } from '../../src/database/pglite-folder.ts';
import { openPglite } from '../../src/database/pglite.ts';
import { newDatabase } from '../../src/database/pglite-template.ts';
import { createHumdrum } from '../../src/index.ts';
import { EventLog } from '../support/engine.ts';
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

it('refuses a database of another version of PostgreSQL, and leaves it alone', async () => {
  const folder = await freshFolder();
  const db = await openPglite({ folder });
  const { rows } = await db.query(
    `select current_setting('server_version_num')::integer / 10000 as major`,
  );
  expect(rows).toEqual([{ major: EMBEDDED_MAJOR }]);
  await db.close();
  const before = await readdir(folder);
  await writeFile(join(folder, 'PG_VERSION'), '16\n');
  await expect(openPglite({ folder })).rejects.toMatchObject({
    code: 'database-unreachable',
    message: expect.stringMatching(
      /holds a database of PostgreSQL 16, and this version of Humdrum embeds PostgreSQL 18, .* name another folder/,
    ) as string,
  });
  expect(await readdir(folder)).toEqual(before);
});

it('is not used any more once its folder was removed', async () => {
  const folder = join(await freshFolder(), 'data');
  const db = await openPglite({ folder });
  const open = await db.begin();
  await open.query('create table kept (id integer)');
  await rename(folder, `${folder}-aside`);
  const gone = {
    code: 'database-closed',
    message: expect.stringContaining('lock file is gone') as string,
  };
  expect(await db.lost).toMatchObject(gone);
  await expect(open.query('select 1')).rejects.toMatchObject(gone);
  await open.rollback();
  await expect(db.query('select 1')).rejects.toMatchObject(gone);
  await db.close();
  expect(existsSync(folder)).toBe(false);
});

it('is not used any more once another process has it, whose files it leaves alone', async () => {
  const folder = join(await freshFolder(), 'data');
  const db = await openPglite({ folder });
  await rename(folder, `${folder}-aside`);
  const other = await openPglite({ folder });
  expect((await db.lost)?.message).toContain(`replaced: process ${process.pid} has opened it now`);
  await db.close();
  expect((await other.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  await expect(openPglite({ folder })).rejects.toMatchObject({ code: 'database-locked' });
  await other.close();
});

it('ends a worker of a program when its folder was removed', async () => {
  const folder = join(await freshFolder(), 'data');
  const events = new EventLog();
  const humdrum = await createHumdrum({ database: folder, onEvent: (event) => events.add(event) });
  await humdrum.start();
  await rename(folder, `${folder}-aside`);
  await events.until((log) => log.count('worker-stopped') > 0);
  expect(events.all).toContainEqual({
    event: 'trouble',
    doing: 'using the database',
    error: expect.objectContaining({ code: 'database-closed' }) as Error,
  });
  await humdrum.close();
  expect(existsSync(folder)).toBe(false);
});
