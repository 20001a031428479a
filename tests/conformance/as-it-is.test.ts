import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open.ts';
import { createHumdrum } from '../../src/index.ts';
import { anyBackendWhere, freshFolder } from '../support/databases.ts';
import { dump } from '../support/dump.ts';
import { job } from '../support/engine.ts';

const plain = job('test.plain', () => null);
const asItIs = (database: string) => createHumdrum({ database, jobs: [plain], migrate: false });

async function within<T>(place: string, act: (db: Database) => Promise<T>): Promise<T> {
  const db = await openDatabase(place, { max: 2 });
  try {
    return await act(db);
  } finally {
    await db.close();
  }
}

anyBackendWhere('createHumdrum with migrate: false', (freshPlace) => {
  const migrated = async (): Promise<string> => {
    const place = await freshPlace();
    await (await createHumdrum({ database: place })).close();
    return place;
  };

  it('refuses tables that are missing, older or newer, and changes none', async () => {
    const place = await migrated();
    await within(place, (db) => db.query(`delete from humdrum.migration where number > 5`));
    await expect(asItIs(place)).rejects.toMatchObject({ code: 'schema-outdated' });
    await within(place, (db) =>
      db.query(`insert into humdrum.migration values ('engine', 999, '0999_later.sql', 'x')`),
    );
    await expect(asItIs(place)).rejects.toMatchObject({ code: 'schema-newer' });
    await within(place, (db) => db.query('drop schema humdrum cascade'));
    await expect(asItIs(place)).rejects.toMatchObject({
      code: 'schema-outdated',
      message: 'This database has no tables of Humdrum. Create them: humdrum db migrate',
    });
    const { rows } = await within(place, (db) =>
      db.query(`select from pg_namespace where nspname = 'humdrum'`),
    );
    expect(rows).toEqual([]);
  });

  it('opens what is up to date, and writes nothing before it has something to do', async () => {
    const place = await migrated();
    // As a process that was killed leaves it.
    await within(place, (db) =>
      db.query(
        `insert into humdrum.worker (name, started_at, expires_at) values ('gone:1:x', now(), 'infinity')`,
      ),
    );
    const before = await within(place, dump);
    const humdrum = await asItIs(place);
    await humdrum.listJobs();
    await humdrum.close();
    expect(await within(place, dump)).toBe(before);
  });
});

it('createHumdrum with migrate: false makes no folder', async () => {
  const folder = join(await freshFolder(), 'not', 'there');
  await expect(asItIs(folder)).rejects.toMatchObject({ code: 'database-missing' });
  expect(existsSync(join(folder, '..'))).toBe(false);
});

it('createHumdrum with migrate: false ends the workers of dead processes when it runs jobs', async () => {
  const folder = await freshFolder();
  await (await createHumdrum({ database: folder })).close();
  await within(folder, (db) =>
    db.query(
      `insert into humdrum.worker (name, started_at, expires_at) values ('gone:1:x', now(), 'infinity')`,
    ),
  );
  const humdrum = await asItIs(folder);
  await humdrum.drain();
  const { rows } = await humdrum.database.query(
    'select name from humdrum.worker where expires_at > humdrum.clock()',
  );
  await humdrum.close();
  expect(rows).toEqual([]);
});

it('a database in memory always gets its tables', async () => {
  const humdrum = await createHumdrum({ migrate: false });
  expect(await humdrum.listJobs()).toEqual([]);
  await humdrum.close();
});
