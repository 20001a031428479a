import { expect, it } from 'vitest';
import { openPostgres } from '../../src/database/postgres.ts';
import { eachBackend } from '../support/databases.ts';

eachBackend('a database', (fresh) => {
  it('gives the same JavaScript values on both backends', async () => {
    const db = await fresh();
    const { rows } = await db.query(
      `select 5::int as small, 9007199254740991::bigint as big, 1.50::numeric as exact, '{"a":[1]}'::json as json,
         timestamptz '2026-01-01 00:00:00.123Z' as at,
         array[timestamptz '0001-01-01 00:00:00Z', timestamptz '9999-12-31 23:59:59.999Z'] as ends, null as nothing, array[1, 2]::bigint[] as list, count(*) from (values (1)) as one`,
    );
    expect(rows).toEqual([
      {
        small: 5,
        big: 9_007_199_254_740_991,
        exact: '1.50',
        json: { a: [1] },
        at: new Date('2026-01-01T00:00:00.123Z'),
        ends: [new Date('0001-01-01T00:00:00Z'), new Date('9999-12-31T23:59:59.999Z')],
        nothing: null,
        list: [1, 2],
        count: 1,
      },
    ]);
  });

  it('rolls back what throws, savepoint by savepoint', async () => {
    const db = await fresh();
    await db.query('create table word (word text)');
    await db.transaction(async (tx) => {
      await tx.query(`insert into word values ('kept')`);
      const undone = tx.savepoint(async (inner) => {
        await inner.query(`insert into word values ('undone')`);
        await inner.query('select 1 / 0');
      });
      await expect(undone).rejects.toThrow('division by zero');
      // The outer handle, from within the inner savepoint: it is the inner one that is meant.
      await tx.savepoint(() =>
        tx.savepoint((inner) => inner.query(`insert into word values ('nested')`)),
      );
    });
    expect((await db.query('select word from word')).rows).toEqual([
      { word: 'kept' },
      { word: 'nested' },
    ]);
  });

  it('does not let a transaction that lost a statement commit in silence', async () => {
    const db = await fresh();
    const swallowed = db.transaction(async (tx) => {
      await tx.query('select 1 / 0').catch(() => undefined);
    });
    await expect(swallowed).rejects.toThrow(/rolled back/);
  });

  it('refuses a query on a transaction that has ended', async () => {
    const db = await fresh();
    const leaked = await db.transaction((tx) => Promise.resolve(tx));
    await expect(leaked.query('select 1')).rejects.toThrow('has ended');
  });

  it('waits for its turn when another has the only connection', async () => {
    const db = await fresh();
    await db.query('create table word (word text)');
    const first = db.transaction(async (tx) => {
      await tx.query(`insert into word values ('first')`);
      await new Promise((resolve) => setImmediate(resolve));
      await tx.query(`insert into word values ('again')`);
    });
    await Promise.all([first, db.query('select 1'), db.transaction((tx) => tx.query('select 1'))]);
    expect((await db.query('select count(*) from word')).rows).toEqual([{ count: 2 }]);
  });
});

it('says clearly that a server cannot be reached, and keeps the password to itself', async () => {
  const opening = openPostgres('postgres://me:secret@127.0.0.1:1/nowhere');
  await expect(opening).rejects.toMatchObject({
    code: 'database-unreachable',
    message: expect.stringMatching(/127\.0\.0\.1:1\/nowhere.*ECONNREFUSED/) as string,
  });
  await expect(opening).rejects.not.toThrow(/secret/);
});
