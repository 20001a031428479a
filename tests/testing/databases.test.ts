import { expect, it } from 'vitest';
import { createHumdrum, type Database } from '../../src/index.ts';
import { openDatabase } from '../../src/database/open.ts';
import { picks } from '../../src/packs/picks/index.ts';
import { testHumdrum } from '../../src/testing/index.ts';
import { fresh, freshUrl } from '../support/databases.ts';
import { job } from '../support/engine.ts';
import { MONDAY } from './support.ts';

const word = job('test.word', (_ctx, { word: said }) => said);

const tablesOf = async (db: Database): Promise<unknown[]> =>
  (await db.query(`select tablename as name from pg_tables where schemaname = 'public'`)).rows;

it('an embedded database begins empty and with the same ids each time', async () => {
  const seen: Database[] = [];
  for (let round = 0; round < 3; round += 1) {
    const humdrum = await testHumdrum({ jobs: [word], packs: [picks], now: MONDAY });
    seen.push(humdrum.database);
    expect(await humdrum.enqueued({ status: 'any' })).toEqual([]);
    expect((await humdrum.enqueue(word, { word: round })).id).toBe(1);
    await humdrum.drain();
    await picks.loadSample(humdrum.database);
    await humdrum.close();
    await humdrum.close();
  }
  const humdrum = await testHumdrum({ packs: [picks] });
  expect((await humdrum.database.query('select from picks.game')).rows).toEqual([]);
  await humdrum.close();
  for (const database of seen) {
    await expect(database.query('select 1')).rejects.toMatchObject({ code: 'database-closed' });
  }
});

it('an embedded database is emptied and lent again, which is ten times as fast as a new one', async () => {
  const servers = new Set<string>();
  for (let round = 0; round < 3; round += 1) {
    const humdrum = await testHumdrum({ jobs: [word], now: MONDAY });
    await humdrum.enqueue(word, {});
    await humdrum.drain();
    const { rows } = await humdrum.database.query<{ at: Date }>(
      'select pg_postmaster_start_time() as at',
    );
    servers.add(String(rows[0]?.at.getTime()));
    await humdrum.close();
  }
  expect(servers.size).toBe(1);
});

it('an embedded database knows nothing of what an earlier test has defined or set', async () => {
  const first = await testHumdrum({ jobs: [word] });
  await first.database.query('create table mine (n integer)');
  await first.database.query('alter table humdrum.ready add column mine integer');
  await first.close();
  const second = await testHumdrum({ jobs: [word] });
  expect(await tablesOf(second.database)).toEqual([]);
  await expect(second.database.query('select mine from humdrum.ready')).rejects.toThrow();
  await second.database.query(`set search_path = humdrum`);
  await second.close();
  const third = await testHumdrum({ jobs: [word] });
  await expect(third.database.query('select from ready')).rejects.toThrow(/does not exist/);
  await third.close();
});

it('an embedded database has what prepare makes, rows too, and prepare is called once', async () => {
  let calls = 0;
  const prepare = async (db: Database): Promise<void> => {
    calls += 1;
    await db.query('create table player as select 7 as id');
  };
  for (let round = 0; round < 2; round += 1) {
    const humdrum = await testHumdrum({ prepare });
    const { rows } = await humdrum.database.query('select id from player');
    expect(rows).toEqual([{ id: 7 }]);
    await humdrum.database.query('delete from player');
    await humdrum.close();
  }
  expect(calls).toBe(1);
});

it('two embedded databases at once have nothing to do with each other', async () => {
  const [one, other] = await Promise.all([
    testHumdrum({ jobs: [word], now: '2026-01-01T00:00:00Z' }),
    testHumdrum({ jobs: [word], now: '2027-01-01T00:00:00Z' }),
  ]);
  await one.enqueue(word, { word: 1 });
  await other.refuteEnqueued();
  await other.clock.advance({ days: 1 });
  expect(one.clock.now()).toEqual(new Date('2026-01-01T00:00:00Z'));
  expect((await one.drain()).completed).toBe(1);
  await Promise.all([one.close(), other.close()]);
});

it('a database that the test names is emptied for each test, and has its own clock again afterwards', async () => {
  const url = await freshUrl({ packs: [picks] });
  for (let round = 0; round < 2; round += 1) {
    const humdrum = await testHumdrum({ database: url, jobs: [word], packs: [picks], now: MONDAY });
    expect((await humdrum.enqueue(word, { word: round })).id).toBe(1);
    expect((await humdrum.drain()).ran).toMatchObject([{ result: round }]);
    await picks.loadSample(humdrum.database);
    await humdrum.close();
    await expect(humdrum.database.query('select 1')).rejects.toThrow();
  }
  const db = await openDatabase(url, { max: 1 });
  const { rows } = await db.query('select humdrum.clock() > $1 as runs', [MONDAY]);
  expect(rows).toEqual([{ runs: true }]);
  await expect(db.query('delete from humdrum.job')).rejects.toThrow(/facts are only ever added/);
  await db.close();
});

it('a database that the test has opened stays open', async () => {
  const db = await fresh('postgres');
  await (await testHumdrum({ database: db })).close();
  expect((await db.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
});

it.each(['pglite', 'postgres'] as const)(
  'a database with real jobs is refused and left as it is, on %s',
  async (backend) => {
    const db = await fresh(backend);
    const humdrum = await createHumdrum({ database: db, jobs: [word] });
    await humdrum.enqueue(word, {});
    await expect(testHumdrum({ database: db })).rejects.toMatchObject({
      code: 'action-refused',
      message: expect.stringMatching(/^This database is in use: humdrum\.\w+ has rows/) as string,
    });
    expect(await humdrum.listJobs()).toHaveLength(1);
    expect(
      (await db.query(`select from pg_namespace where nspname = 'humdrum_test'`)).rows,
    ).toEqual([]);
  },
);

it('a database without any tables gets them', async () => {
  const db = await fresh('postgres');
  await db.query('drop schema humdrum cascade');
  const humdrum = await testHumdrum({ database: db, jobs: [word] });
  expect((await humdrum.performJob(word, { word: 'here' })).result).toBe('here');
  await humdrum.close();
});
