import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { openPostgres } from '../../src/database/postgres.ts';
import { freshUrl } from '../support/databases.ts';

it('says whether a server was reached', async () => {
  const url = new URL(await freshUrl());
  url.pathname = '/nowhere';
  const missing = await openPostgres(url.href).catch((error: unknown) => error);
  expect(missing).toMatchObject({ code: 'database-unreachable' });
  expect(String(missing)).toMatch(
    /PostgreSQL at .*\/nowhere refused the connection: database "nowhere" does not exist\. Create the database, or correct its name in DATABASE_URL\.$/,
  );
  url.username = 'nobody';
  await expect(openPostgres(url.href)).rejects.toThrow(
    /refused the connection: .*nobody.*\. Correct the user and the password in DATABASE_URL\.$/,
  );
  await expect(openPostgres('postgres://127.0.0.1:2/none')).rejects.toThrow(
    /Cannot reach PostgreSQL at 127\.0\.0\.1:2\/none: .* Check that it runs/,
  );
});

describe('a transaction on a server', () => {
  let db: Database;

  beforeEach(async () => {
    db = await openPostgres(await freshUrl(), { max: 2 });
    onTestFinished(() => db.close());
    await db.query('create table note (word text primary key)');
  });
  const words = async (): Promise<unknown[]> =>
    (await db.query<{ word: string }>('select word from note order by 1')).rows.map(
      ({ word }) => word,
    );

  it('begins with its first statement, and answers it', async () => {
    const tx = await db.begin();
    const first = await tx.query('insert into note values ($1) returning word', ['a']);
    expect(first.rows).toEqual([{ word: 'a' }]);
    expect(await words()).toEqual([]);
    await tx.commit();
    expect(await words()).toEqual(['a']);
  });

  it('takes in all of what is asked at once at its beginning', async () => {
    const tx = await db.begin();
    await Promise.all(
      ['a', 'b', 'c'].map((word) => tx.query('insert into note values ($1)', [word])),
    );
    await tx.rollback();
    expect(await words()).toEqual([]);
  });

  it('fails as a whole with its first statement', async () => {
    const tx = await db.begin();
    const [first, second] = await Promise.allSettled([
      tx.query('insert into nothing values (1)'),
      tx.query(`insert into note values ('a')`),
    ]);
    expect(first).toMatchObject({ reason: { code: '42P01' } });
    expect(second).toMatchObject({ reason: { code: '25P02' } });
    await expect(tx.commit()).rejects.toThrow(/rolled back/);
    expect(await words()).toEqual([]);
  });

  it('says where in the program a statement has failed', async () => {
    const tx = await db.begin();
    let stack = '';
    try {
      await tx.query('select 1 / 0');
    } catch (error) {
      stack = String((error as Error).stack);
    }
    await tx.rollback();
    expect(stack).toContain('postgres-connection.test.ts');
  });

  it('refuses a value that cannot be sent, and goes on', async () => {
    const tx = await db.begin();
    const circular: Record<string, unknown> = {};
    circular.me = circular;
    await expect(tx.query('select $1::json', [circular])).rejects.toThrow(/circular/);
    await tx.query(`insert into note values ('a')`);
    await tx.commit();
    expect(await words()).toEqual(['a']);
  });

  it('commits after a last statement, or keeps nothing where that fails', async () => {
    const kept = await db.begin();
    await kept.query(`insert into note values ('a')`);
    await kept.commitAfter('insert into note values ($1)', ['b']);
    const lost = await db.begin();
    await lost.query(`insert into note values ('c')`);
    await expect(lost.commitAfter('insert into note values ($1)', ['b'])).rejects.toMatchObject({
      code: '23505',
    });
    expect(await words()).toEqual(['a', 'b']);
  });

  it('may end without having begun', async () => {
    await (await db.begin()).commit();
    await (await db.begin()).rollback();
    await db.transaction(async (tx) => tx.script('create table one (); create table two ();'));
    expect((await db.query(`select to_regclass('two') is not null as there`)).rows).toEqual([
      { there: true },
    ]);
  });
});
