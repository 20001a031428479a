import { describe, expect, it } from 'vitest';
import { arcade } from '../../src/packs/arcade/index.ts';
import { picks } from '../../src/packs/picks/index.ts';
import { quiz } from '../../src/packs/quiz/index.ts';
import { fresh } from '../support/databases.ts';
import { job, openEngine } from '../support/engine.ts';

// A table is safe if its rows are identified, or if a trigger refuses updates (16) and deletes (8) of it.
const UNIDENTIFIED = `
select relnamespace::regnamespace || '.' || relname as name from pg_class as one
where relnamespace = any ('{humdrum,picks,quiz,arcade}'::regnamespace[]) and relkind = 'r' and relpersistence = 'p'
  and not case relreplident
    when 'd' then exists (select from pg_index where indrelid = one.oid and indisprimary)
    when 'i' then exists (select from pg_index where indrelid = one.oid and indisreplident)
    else relreplident = 'f'
  end
  and not exists (
    select from pg_trigger where tgrelid = one.oid and tgenabled = 'O' and tgtype::integer & 24 = 24
      and tgfoid::regproc::text ~ '\\.refuse_change$'
  )
order by 1`;

describe('under a publication for all tables', () => {
  it('every table with updates or deletes has a replica identity', async () => {
    const db = await fresh('postgres', { packs: [arcade, picks, quiz] });
    expect((await db.query(UNIDENTIFIED)).rows).toEqual([]);
    await db.query('create table humdrum.nameless (id integer)');
    expect((await db.query(UNIDENTIFIED)).rows).toEqual([{ name: 'humdrum.nameless' }]);
    await db.query('drop table humdrum.nameless');
  });

  it('limits, rates, parents and cancellations work', { timeout: 60_000 }, async () => {
    const db = await fresh('postgres');
    await db.query('create publication everything for all tables');
    const limited = job('test.limited', () => null);
    const rated = job('test.rated', () => null);
    const parent = job('test.parent', () => null);
    const { humdrum } = await openEngine(db, {
      jobs: [limited, rated, parent],
      limits: { two: { concurrency: 2 }, often: { rate: { tokens: 2, perMs: 50 } } },
    });
    const one = (type: typeof limited, limit: string) => ({ type, limits: [limit] });
    await humdrum.enqueueMany(Array.from({ length: 10 }, () => one(limited, 'two')));
    await humdrum.enqueueMany(Array.from({ length: 4 }, () => one(rated, 'often')));
    await humdrum.enqueue(
      parent,
      {},
      {
        children: {
          jobs: [{ type: limited }, { type: limited }, { type: limited }],
          onFailure: 'fail',
        },
      },
    );
    const { id } = await humdrum.enqueue(parent, {}, { delayMs: 3_600_000 });
    await humdrum.cancel(id, { actor: 'test' });
    let completed = 0;
    while (completed < 18) completed += (await humdrum.drain()).completed;
    expect((await humdrum.showJob(id)).status).toBe('cancelled');
    await db.query('drop publication everything');
  });
});
