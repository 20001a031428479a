import { beforeEach, expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { listQueues } from '../../src/engine/show/queues.ts';
import { rollUpAll } from '../../src/engine/statistics/roll-up.ts';
import { searchAudit } from '../../src/engine/audit/search.ts';
import type { Humdrum } from '../../src/index.ts';
import { anyBackend } from '../support/databases.ts';
import { job, openEngine, stopClockAt } from '../support/engine.ts';
import { addWorker, claim, expireWorker } from '../support/verbs.ts';

const TYPES = [
  job('test.plain', () => null),
  job('test.slow', () => null, { queue: 'slow' }),
  job('test.later', () => null, { queue: 'later' }),
];

anyBackend('what an operator asks', (fresh) => {
  let db: Database;
  let humdrum: Humdrum;
  let moveTo: (at: string) => Promise<void>;

  beforeEach(async () => {
    db = await fresh();
    moveTo = await stopClockAt(db, '2026-03-01T10:00:00Z');
    ({ humdrum } = await openEngine(db, { jobs: TYPES, limits: { one: { concurrency: 1 } } }));
    await humdrum.register();
  });

  it('is counted by queue and place', async () => {
    await humdrum.enqueueMany(Array.from({ length: 7 }, () => ({ type: 'test.plain' })));
    await humdrum.enqueue('test.slow', {}, { limits: ['one'] });
    await humdrum.enqueue('test.later', {}, { delayMs: 5_000 });
    const queues = await listQueues(db, ['unused']);
    expect(
      queues.map(({ queue, ready, later, parked, capped }) => [
        queue,
        ready,
        later,
        parked,
        capped,
      ]),
    ).toEqual([
      ['default', 7, 0, 0, false],
      ['later', 0, 1, 0, false],
      ['slow', 0, 0, 1, false],
      ['unused', 0, 0, 0, false],
    ]);
    expect(await humdrum.preview('cancel', { status: 'queued' })).toMatchObject({
      count: 9,
      more: false,
    });
  });

  it('is counted up to a bound, and says when there is more', async () => {
    await db.query(
      `insert into humdrum.ready (job_id, rank, attempt, queue, type)
       select n, n, 1, 'long', 'test.plain' from generate_series(1, 100000) as n`,
    );
    const counted = async () => {
      const { count, more } = await humdrum.preview('cancel', { queue: 'long' });
      const queue = (await humdrum.listQueues()).find((one) => one.queue === 'long');
      return [count, more, queue?.ready];
    };
    expect(await counted()).toEqual([100_000, false, 100_000]);
    await db.query(
      `insert into humdrum.ready (job_id, rank, attempt, queue, type) values (100001, 100001, 1, 'long', 'test.plain')`,
    );
    expect(await counted()).toEqual([100_000, true, 100_000]);
    const queues = await listQueues(db, []);
    expect(queues).toMatchObject([{ queue: 'long', ready: 100_000, capped: true }]);
  });

  it('tells of workers that live, were lost, and have ended', async () => {
    await humdrum.enqueueMany([{ type: 'test.plain' }, { type: 'test.plain' }]);
    const lost = await addWorker(db, 'lost');
    const [first] = await claim(db, lost, 1);
    await expireWorker(db, lost);
    const alive = await addWorker(db, 'alive');
    const [second] = await claim(db, alive, 1);
    const ended = await addWorker(db, 'ended');
    await expireWorker(db, ended);
    const old = await addWorker(db, 'old');
    await db.query(
      `update humdrum.worker set expires_at = humdrum.clock() - interval '2 hours' where id = $1`,
      [old],
    );
    const since = new Date('2026-03-01T10:00:00Z');
    expect(await humdrum.listWorkers()).toMatchObject([
      { name: 'ended', state: 'ended', running: [] },
      {
        name: 'alive',
        state: 'alive',
        runningCount: 1,
        running: [{ id: second?.id, type: 'test.plain', attempt: 1, since }],
      },
      { name: 'lost', state: 'lost', running: [{ id: first?.id }] },
    ]);
    const [queue] = await humdrum.listQueues();
    expect(queue).toMatchObject({ queue: 'default', running: 2, ready: 0 });
  });

  it('finds rows of the audit by time and by whatever, page after page', async () => {
    const minutes = [0, 1, 5, 6, 90];
    for (const minute of minutes) {
      const at = new Date(Date.parse('2026-03-01T10:00:00Z') + minute * 60_000).toISOString();
      await moveTo(at);
      await db.query(
        `insert into humdrum.audit (at, event, actor) select humdrum.clock(), 'configured', 'user:' || n % 3 from generate_series(1, 10000) as n`,
      );
      // A gap that a transaction has left that was undone.
      await db.query(
        `select setval('humdrum.audit_id', (select last_value + 30000 from humdrum.audit_id))`,
      );
    }
    const at = (minute: number): Date =>
      new Date(Date.parse('2026-03-01T10:00:00Z') + minute * 60_000);
    const count = async (query: Parameters<typeof searchAudit>[1]): Promise<number> => {
      let [rows, before]: [number, number | null | undefined] = [0, undefined];
      do {
        const page = await searchAudit(db, {
          ...query,
          limit: 1_000,
          ...(before ? { before } : {}),
        });
        rows += page.rows.length;
        before = page.next;
      } while (before !== null);
      return rows;
    };
    expect(await count({ from: at(5), to: at(6) })).toBe(10_000);
    expect(await count({ to: at(1), actor: 'user:0' })).toBe(3_333);
    expect(await count({ from: at(91) })).toBe(0);
    expect(await count({ from: at(90), actor: 'user:*', events: ['skipped'] })).toBe(0);
    const { rows } = await searchAudit(db, { limit: 3 });
    expect(rows.map(({ id }) => id)).toEqual(rows.map(({ id }) => id).toSorted((a, b) => b - a));
  });

  it('has the same series before and after it is rolled up', async () => {
    await humdrum.enqueueMany([{ type: 'test.plain' }, { type: 'test.slow' }]);
    await moveTo('2026-03-01T11:02:00Z');
    await humdrum.drain({ maxAttempts: 1 });
    const range = { from: new Date('2026-03-01T00:00:00Z'), to: new Date('2026-03-02T00:00:00Z') };
    const ask = async () => [
      await humdrum.series({ ...range, step: 'minute' }),
      await humdrum.series({ ...range, step: 'hour', types: ['test.plain'] }),
      await humdrum.series({ ...range, step: 'day' }),
    ];
    const before = await ask();
    expect(before[2]?.map(({ type, points }) => [type, points[0]?.created])).toEqual([
      ['test.plain', 1],
      ['test.slow', 1],
    ]);
    await rollUpAll(db);
    expect(await ask()).toEqual(before);
    await humdrum.enqueue('test.plain');
    await humdrum.drain();
    const [minutes] = await ask();
    const made = minutes?.flatMap(({ points }) => points.map(({ completed }) => completed));
    expect(made?.reduce((sum, completed) => sum + completed, 0)).toBe(3);
  });
});
