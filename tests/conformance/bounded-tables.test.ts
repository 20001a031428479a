import { expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { settle } from '../../src/engine/settle/settle.ts';
import { dropFullBuckets } from '../../src/engine/upkeep/full-buckets.ts';
import { dropHistory } from '../../src/engine/upkeep/retention.ts';
import { anyBackend } from '../support/databases.ts';
import { job, openEngine, stopClockAt } from '../support/engine.ts';
import { addWorker, claim, completed, expireWorker, plain } from '../support/verbs.ts';

const DAY_MS = 86_400_000;
const keep = { keepMs: 30 * DAY_MS, actor: 'job:1' };

anyBackend('tables that only something new fills', (fresh) => {
  const column = async (db: Database, sql: string): Promise<unknown[]> =>
    (await db.query<{ value: unknown }>(sql)).rows.map(({ value }) => value);
  const workers = (db: Database) =>
    column(db, 'select name as value from humdrum.worker order by id');

  it('a drain that finds nothing leaves no worker behind', async () => {
    const db = await fresh();
    const { humdrum } = await openEngine(db, { jobs: [plain] });
    for (let times = 0; times < 20; times += 1) await humdrum.drain();
    expect(await workers(db)).toEqual([]);
    const { id } = await humdrum.enqueue(plain);
    await humdrum.drain();
    const [name] = await workers(db);
    expect((await humdrum.showJob(id)).attemptRecords[0]?.worker).toBe(name);
  });

  it('retention removes the workers and ticks that no job names any more', async () => {
    const db = await fresh();
    const moveTo = await stopClockAt(db, '2026-03-01T10:00:00Z');
    const { humdrum } = await openEngine(db, { jobs: [plain] });
    const runOne = async (worker: number): Promise<number> => {
      const { id } = await humdrum.enqueue(plain);
      const [one] = await claim(db, worker);
      if (one) await settle(db, [completed(one)], [one.leaseId]);
      return id;
    };
    const tick = (at: string, id: number | null) =>
      db.query(`insert into humdrum.tick values ('test.plain', $1, $2)`, [at, id]);

    const first = await addWorker(db, 'first');
    await tick('2026-03-01T10:00:00Z', await runOne(first));
    await tick('2026-03-01T11:00:00Z', null);
    await expireWorker(db, first);
    await moveTo('2026-03-05T10:00:00Z');
    await dropHistory(db, keep);
    const second = await addWorker(db, 'second');
    const young = await runOne(second);
    await tick('2026-03-05T10:00:00Z', young);
    await expireWorker(db, second);
    await addWorker(db, 'alive');
    expect(await workers(db)).toEqual(['first', 'second', 'alive']);

    await moveTo('2026-04-03T10:00:00Z');
    expect(await dropHistory(db, keep)).toMatchObject({ dropped: 1 });
    expect(await workers(db)).toEqual(['second', 'alive']);
    expect((await humdrum.showJob(young)).attemptRecords[0]?.worker).toBe('second');
    const ticks = () => column(db, 'select job_id as value from humdrum.tick order by at');
    expect(await ticks()).toEqual([young]);
  });

  it('token buckets that are full again are removed, and no others', async () => {
    const db = await fresh();
    const moveTo = await stopClockAt(db, '2026-03-01T10:00:00Z');
    const limited = job('test.limited', () => null);
    const { humdrum } = await openEngine(db, {
      jobs: [limited],
      limits: { often: { rate: { tokens: 2, perMs: 60_000 } } },
    });
    const enqueue = (key: string) =>
      humdrum.enqueue(limited, {}, { limits: [{ name: 'often', key }] });
    const gates = () => column(db, 'select gate as value from humdrum.bucket order by gate');
    await enqueue('ada');
    for (let times = 0; times < 3; times += 1) await enqueue('bob');
    await humdrum.drain();
    await moveTo('2026-03-01T10:00:30Z');
    await dropFullBuckets(db);
    expect(await gates()).toEqual(['often/ada', 'often/bob']);
    await enqueue('eve');
    expect((await humdrum.drain()).completed).toBe(2);
    await moveTo('2026-03-01T10:01:15Z');
    await dropFullBuckets(db);
    expect(await gates()).toEqual(['often/bob', 'often/eve']);
    await moveTo('2026-03-01T11:00:00Z');
    await dropFullBuckets(db);
    expect(await gates()).toEqual([]);
    for (let times = 0; times < 3; times += 1) await enqueue('bob');
    expect((await humdrum.drain()).completed).toBe(2);
  });
});
