import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Database, OpenTransaction } from '../../src/database/database.ts';
import { openPostgres } from '../../src/database/postgres.ts';
import { ChangeFeed, changesAfter } from '../../src/engine/audit/change-feed.ts';
import { eachBackend, freshUrl } from '../support/databases.ts';

const ADD = `insert into humdrum.audit (at, event, actor) select humdrum.clock(), 'configured', $1 from generate_series(1, $2)`;

async function add(db: Pick<Database, 'query'>, actor: string, times = 1): Promise<void> {
  await db.query(ADD, [actor, times]);
}

async function readOn(feed: ChangeFeed): Promise<string[]> {
  const actors: string[] = [];
  for (;;) {
    const { rows, more } = await feed.next();
    actors.push(...rows.map(({ actor }) => actor));
    if (!more) return actors;
  }
}

eachBackend('the feed of changes', (fresh) => {
  it('answers each row once, in pages', async () => {
    const db = await fresh();
    await add(db, 'before');
    const feed = await ChangeFeed.open(db);
    expect(await readOn(feed)).toEqual([]);
    await add(db, 'one');
    await add(db, 'two', 2);
    expect(await readOn(feed)).toEqual(['one', 'two', 'two']);
    expect(await readOn(feed)).toEqual([]);
    expect(feed.finalId).toBe(feed.readTo);
    await add(db, 'many', 12_000);
    expect((await feed.next()).rows).toHaveLength(5_000);
    expect(await readOn(feed)).toHaveLength(7_000);
    const { rows, through } = await changesAfter(db, 1, feed.readTo);
    expect(rows.slice(0, 3).map(({ actor }) => actor)).toEqual(['one', 'two', 'two']);
    expect(through).toBe(5_001);
  });
});

describe('the feed of changes, of transactions that end in another order', () => {
  let db: Database;

  beforeEach(async () => {
    db = await openPostgres(await freshUrl(), { max: 12 });
    onTestFinished(() => db.close());
  });

  it('tells at once what is there, and what came before it when that is there', async () => {
    const feed = await ChangeFeed.open(db);
    const slow = await db.begin();
    const undone = await db.begin();
    await add(slow, 'slow');
    await add(undone, 'undone');
    await add(db, 'quick');
    expect(await readOn(feed)).toEqual(['quick']);
    expect(feed.finalId).toBe(0);
    await add(slow, 'slow again');
    await slow.commit();
    expect(await readOn(feed)).toEqual(['slow', 'slow again']);
    expect(feed.finalId).toBe(1);
    await undone.rollback();
    expect(await readOn(feed)).toEqual([]);
    expect(feed.finalId).toBe(feed.readTo);
  });

  it('knows of those that were open when it began', async () => {
    const slow = await db.begin();
    await add(slow, 'slow');
    await add(db, 'before');
    const feed = await ChangeFeed.open(db);
    expect(feed.finalId).toBe(0);
    await add(db, 'after');
    expect(await readOn(feed)).toEqual(['after']);
    await slow.commit();
    expect(await readOn(feed)).toEqual(['slow']);
    expect(feed.finalId).toBe(3);
  });

  it('is exact whatever the order, and nothing comes behind what is final', async () => {
    let seed = Number(process.env['HUMDRUM_MODEL_SEED'] ?? Date.now() % 2 ** 31);
    console.log(`feed of changes: HUMDRUM_MODEL_SEED=${seed}`);
    const below = (most: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return Math.floor((seed / 2 ** 31) * most);
    };
    const feed = await ChangeFeed.open(db);
    const open: OpenTransaction[] = [];
    const told: number[] = [];
    let final = feed.finalId;
    const read = async (): Promise<void> => {
      const { rows } = await feed.next();
      expect(rows.filter(({ id }) => id <= final)).toEqual([]);
      told.push(...rows.map(({ id }) => id));
      expect(feed.finalId).toBeGreaterThanOrEqual(final);
      final = feed.finalId;
    };
    for (let step = 0; step < 400; step += 1) {
      const chance = below(10);
      const at = below(open.length);
      if (chance < 3 && open.length < 8) open.push(await db.begin());
      else if (chance < 6 && open[at]) await add(open[at], 'some', 1 + below(3));
      else if (chance < 7) await add(db, 'alone');
      else if (chance < 8) await open.splice(at, 1)[0]?.commit();
      else if (chance < 9) await open.splice(at, 1)[0]?.rollback();
      else await read();
    }
    for (const transaction of open) await transaction.commit();
    await read();
    const { rows } = await db.query<{ id: number }>('select id from humdrum.audit order by id');
    expect(told.toSorted((a, b) => a - b)).toEqual(rows.map(({ id }) => id));
    expect(feed.finalId).toBe(feed.readTo);
  });
});
