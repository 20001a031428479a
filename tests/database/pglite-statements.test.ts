import { PGlite } from '@electric-sql/pglite';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { openPglite } from '../../src/database/pglite.ts';
import { PREPARED } from '../../src/database/prepared.ts';
import { fresh } from '../support/databases.ts';

const open = async (): Promise<Database> => fresh('pglite');

const prepared = async (db: Database): Promise<string[]> => {
  const { rows } = await db.query<{ statement: string }>(
    `select statement from pg_prepared_statements where statement like '%as word%'`,
  );
  return rows.map(({ statement }) => statement);
};

describe('a statement on the embedded database', () => {
  it('is prepared where it says so, also in a transaction', async () => {
    const db = await open();
    const marked = `${PREPARED} select $1::text as word`;
    for (const word of ['a', 'b', null]) {
      expect((await db.query(marked, [word])).rows).toEqual([{ word }]);
      const within = await db.transaction(async (tx) => tx.query(marked, [word]));
      expect(within.rows).toEqual([{ word }]);
      await db.query('select $1::text as "other word"', [word]);
    }
    expect(await prepared(db)).toEqual([marked]);
  });

  it.each(['', PREPARED])('sees what has become of a table: %j', async (mark) => {
    const db = await open();
    await db.query('create table note (tags text[])');
    const add = `${mark} insert into note (tags) values ($1) returning *`;
    const both = ['a', 'b'];
    expect((await db.query(add, [both])).rows).toEqual([{ tags: both }]);
    expect((await db.query(add, [both])).rows).toEqual([{ tags: both }]);
    await db.query('alter table note add column at integer default 7');
    expect((await db.query(add, [both])).rows).toEqual([{ tags: both, at: 7 }]);
    await db.transaction((tx) =>
      tx.script('alter table note alter column tags type jsonb using to_jsonb(tags)'),
    );
    expect((await db.query(add, [{ c: [1] }])).rows).toEqual([{ tags: { c: [1] }, at: 7 }]);
  });

  it.each(['', PREPARED])('sees what has not become of a table after all: %j', async (mark) => {
    const db = await open();
    await db.query('create table note (tags text[])');
    const add = `${mark} insert into note (tags) values ($1) returning *`;
    for (const change of ['query', 'script'] as const) {
      const undone = db.transaction(async (tx) => {
        await tx[change]('alter table note alter column tags type jsonb using to_jsonb(tags)');
        expect((await tx.query(add, [{ a: 1 }])).rows).toEqual([{ tags: { a: 1 } }]);
        throw new Error('no');
      });
      await expect(undone).rejects.toThrow('no');
      expect((await db.query(add, [['b']])).rows).toEqual([{ tags: ['b'] }]);
    }
  });

  it.each(['deallocate all', 'discard all'])('is prepared anew after %s', async (sql) => {
    const db = await open();
    const marked = `${PREPARED} select 1 as word`;
    await db.query(marked);
    await db.query(sql);
    expect((await db.query(marked)).rows).toEqual([{ word: 1 }]);
    expect(await prepared(db)).toEqual([marked]);
  });

  it.each(['', PREPARED])('fails alone, at the first time and at the next: %j', async (mark) => {
    const db = await open();
    const divide = `${mark} select 1 / $1::integer as divided`;
    for (const time of [1, 2]) {
      await expect(db.query(divide, [0]), `time ${time}`).rejects.toMatchObject({ code: '22012' });
      await expect(db.query(divide, ['x'])).rejects.toMatchObject({ code: '22P02' });
      await expect(db.query(divide, [1, 2])).rejects.toMatchObject({ code: '08P01' });
      expect((await db.query(divide, [1])).rows).toEqual([{ divided: 1 }]);
    }
    await expect(db.query(`${mark} select nothing`)).rejects.toMatchObject({ code: '42703' });
    const store = `${mark} select $1::jsonb as stored`;
    const circular: Record<string, unknown> = {};
    circular['self'] = circular;
    await expect(db.query(store, [circular])).rejects.toThrow(/circular/);
    expect((await db.query(store, [{ a: 1 }])).rows).toEqual([{ stored: { a: 1 } }]);
    await expect(db.query(store, [circular])).rejects.toThrow(/circular/);
  });

  it('that has failed in a transaction leaves nothing of it', async () => {
    const db = await open();
    await db.query('create table note (word text)');
    for (const mark of ['', PREPARED, '']) {
      const failing = db.transaction(async (tx) => {
        await tx.query(`${mark} insert into note values ($1)`, ['a']);
        await tx.savepoint((inner) => inner.query(`${mark} select 1 / 0`)).catch(() => undefined);
        await tx.query(`${mark} select 1 / $1::integer`, [0]);
      });
      await expect(failing).rejects.toMatchObject({ code: '22012' });
    }
    expect((await db.query('select * from note')).rows).toEqual([]);
  });

  it('takes and gives the same as with PGlite itself', async () => {
    const ours = await open();
    const pglite = await PGlite.create({ parsers: { 20: Number } });
    onTestFinished(() => pglite.close());
    const theirs = await openPglite({ instance: pglite });
    const at = new Date('2026-03-01T10:00:00.123Z');
    const questions: [string, unknown[]?][] = [
      ['select $1::bigint as n, $2::int8[] as many', [2 ** 40, [1, 2, null]]],
      ['select $1::timestamptz as at, $2::date as day', [at, at]],
      ['select $1::json as a, $2::jsonb as b, $3::json as c', [{ a: [1] }, '"text"', null]],
      ['select $1::bytea as bytes', [new Uint8Array([0, 1, 255])]],
      ['select $1::text[] as words, $2::boolean as yes', [['a', 'b,"c"', ''], true]],
      ['select $1::numeric as n, $2::float8 as f', ['1.50', 0.1]],
      ['select $1 as untyped', ['x']],
      ['select generate_series(1, 3) as n'],
      ['select from generate_series(1, 2)'],
      ['select 1 as twice, 2 as twice'],
      ['create table pair (n integer)'],
      ['insert into pair select generate_series(1, 3)'],
      ['delete from pair where n = any ($1) returning n', [[1, 2]]],
      ['with gone as (delete from pair returning n) select count(*) from gone'],
      [''],
    ];
    for (const [sql, params] of questions) {
      const expected = await theirs.query(sql, params);
      const repeatable = sql.startsWith('select');
      const ways = repeatable ? [sql, sql, `${PREPARED} ${sql}`, `${PREPARED} ${sql}`] : [sql];
      for (const way of ways) {
        expect((await ours.query(way, params)).rows, way).toEqual(expected.rows);
      }
    }
  });
});
