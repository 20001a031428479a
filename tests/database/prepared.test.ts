import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { openPostgres } from '../../src/database/postgres.ts';
import { PREPARED } from '../../src/database/prepared.ts';
import { freshUrl } from '../support/databases.ts';

describe('a statement that is to be prepared', () => {
  let db: Database;

  beforeEach(async () => {
    db = await openPostgres(await freshUrl(), { max: 1 });
    onTestFinished(() => db.close());
  });

  const ask = async (sql: string, params?: unknown[]): Promise<unknown[]> =>
    (await db.query(`${PREPARED} ${sql}`, params)).rows;
  const again = async (sql: string, params?: unknown[]): Promise<unknown[]> => {
    await ask(sql, params);
    return ask(sql, params);
  };
  const prepared = async (): Promise<unknown[]> =>
    (await db.query('select statement from pg_prepared_statements order by 1')).rows;

  it('is, and no other', async () => {
    await db.query('select 1 as other');
    expect(await again('select $1::integer + 1 as next', [41])).toEqual([{ next: 42 }]);
    expect(await prepared()).toEqual([{ statement: `${PREPARED} select $1::integer + 1 as next` }]);
  });

  it('is inside a transaction too', async () => {
    await db.transaction(() => again('select 2 as within'));
    expect(await prepared()).toEqual([{ statement: `${PREPARED} select 2 as within` }]);
  });

  it('is asked by its text again where the server does not know its name', async () => {
    await again('select 3 as three');
    await db.query('deallocate all');
    expect(await again('select 3 as three')).toEqual([{ three: 3 }]);
    expect(await prepared()).toEqual([]);
    await again('select 4 as four');
    expect(await prepared()).toEqual([]);
  });

  it('is asked by its text again where its table has changed', async () => {
    await db.query('create table note (word text)');
    await db.query(`insert into note values ('a')`);
    await again('select * from note');
    await db.query(`alter table note add column at integer default 7`);
    expect(await again('select * from note')).toEqual([{ word: 'a', at: 7 }]);
  });

  it('keeps its own errors', async () => {
    await expect(again('select 1 / $1::integer as bad', [0])).rejects.toMatchObject({
      code: '22012',
    });
    expect(await again('select $1::integer as good', [1])).toEqual([{ good: 1 }]);
  });
});
