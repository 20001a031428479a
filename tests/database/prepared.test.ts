import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { openPostgres } from '../../src/database/postgres.ts';
import { freshUrl } from '../support/databases.ts';

const OFTEN = 5;

describe('a statement that comes often', () => {
  let db: Database;

  beforeEach(async () => {
    db = await openPostgres(await freshUrl(), { max: 1 });
    onTestFinished(() => db.close());
  });

  const again = async (sql: string, params?: unknown[]): Promise<unknown[]> => {
    for (let time = 1; time < OFTEN; time += 1) await db.query(sql, params);
    return (await db.query(sql, params)).rows;
  };
  const prepared = async (): Promise<unknown[]> =>
    (await db.query('select statement from pg_prepared_statements order by 1')).rows;

  it('is prepared, and no other', async () => {
    await db.query('select 1 as once');
    expect(await again('select $1::integer + 1 as next', [41])).toEqual([{ next: 42 }]);
    expect(await prepared()).toEqual([{ statement: 'select $1::integer + 1 as next' }]);
  });

  it('is prepared inside a transaction where it is about tables of the engine alone', async () => {
    const ours = 'select count(*) from humdrum.tick';
    await db.transaction(async (tx) => {
      for (let time = 0; time < OFTEN; time += 1) {
        await tx.query('select 2 as within');
        await tx.query(ours);
      }
    });
    expect(await prepared()).toEqual([{ statement: ours }]);
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
