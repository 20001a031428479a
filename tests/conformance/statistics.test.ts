import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { openPostgres } from '../../src/database/postgres.ts';
import { rollUp, rollUpAll } from '../../src/engine/statistics/roll-up.ts';
import type { Humdrum } from '../../src/index.ts';
import { anyBackend, freshUrl } from '../support/databases.ts';
import { job, openEngine, stopClockAt } from '../support/engine.ts';
import { recount } from '../support/recount.ts';

const TYPES = [
  job('test.plain', () => null),
  job('test.other', () => null, { queue: 'other' }),
  job('test.broken', () => Promise.reject(new TypeError('no luck')), {
    retry: { attempts: 2, delayMs: 0 },
  }),
];

anyBackend('statistics', (fresh) => {
  let db: Database;
  let humdrum: Humdrum;
  let moveTo: (at: string) => Promise<void>;

  beforeEach(async () => {
    db = await fresh();
    moveTo = await stopClockAt(db, '2026-03-01T10:00:00Z');
    ({ humdrum } = await openEngine(db, { jobs: TYPES }));
  });

  /** Counted now, counted after all is rolled up, and recounted from the facts: all the same. */
  const agree = async (): Promise<void> => {
    const [jobs, attempts] = await recount(db);
    const seen = async () => [await humdrum.countJobs(), await humdrum.getStats()];
    const before = await seen();
    expect(before).toEqual([jobs, attempts]);
    await rollUpAll(db);
    expect(await seen()).toEqual(before);
  };

  it('are right at once, and stay so when they are rolled up', async () => {
    await agree();
    await humdrum.enqueueMany([
      { type: 'test.plain' },
      { type: 'test.other' },
      { type: 'test.broken' },
    ]);
    const { id: delayed } = await humdrum.enqueue('test.plain', {}, { delayMs: 60_000 });
    await agree();
    await humdrum.drain({ maxAttempts: 2 });
    await agree();
    await humdrum.drain();
    expect(await humdrum.countJobs()).toMatchObject([
      { type: 'test.broken', failed: 1, queued: 0 },
      { type: 'test.other', completed: 1 },
      { type: 'test.plain', completed: 1, queued: 1 },
    ]);
    await humdrum.cancel(delayed);
    const [broken] = await humdrum.listJobs({ status: 'failed' });
    await humdrum.retry(broken?.id ?? 0);
    await agree();
    await humdrum.drain();
    await agree();
    await humdrum.cancel(broken?.id ?? 0);
    await agree();
    expect(await humdrum.statistics()).toMatchObject([
      { type: 'test.broken', created: 1, completed: 0, failed: 3, retried: 2, cancelled: 1 },
      { type: 'test.other', created: 1, completed: 1, failed: 0, retried: 0, cancelled: 0 },
      { type: 'test.plain', created: 2, completed: 1, cancelled: 1 },
    ]);
  });

  it('of a time are those of its minutes, hours and days', async () => {
    const instants = [
      '2026-03-01T23:58:59Z',
      '2026-03-01T23:59:30Z',
      '2026-03-02T00:00:00Z',
      '2026-03-02T13:00:01Z',
      '2026-03-04T00:00:00Z',
      '2026-03-04T02:02:59Z',
      '2026-03-04T02:03:00Z',
    ];
    for (const [at, instant] of instants.entries()) {
      await moveTo(instant);
      await humdrum.enqueue('test.plain');
      if (at % 3 === 0) await rollUpAll(db);
    }
    const created = async (from?: string, to?: string): Promise<number> => {
      const range = { ...(from && { from: new Date(from) }), ...(to && { to: new Date(to) }) };
      return (await humdrum.statistics(range))[0]?.created ?? 0;
    };
    const some = [
      ...instants,
      '2026-03-03T00:00:00Z',
      '2026-03-02T12:59:00Z',
      '2027-01-01T00:00:00Z',
    ];
    for (const from of [undefined, ...some]) {
      for (const to of [undefined, ...some]) {
        const minute = (text: string): number => Math.floor(Date.parse(text) / 60_000);
        const expected = instants.filter(
          (one) =>
            (from === undefined || minute(one) >= minute(from)) &&
            (to === undefined || minute(one) < minute(to)),
        );
        expect(await created(from, to), `${from} to ${to}`).toBe(expected.length);
      }
    }
    await expect(created('2026-03-99T00:00:00Z')).rejects.toMatchObject({ code: 'filter-invalid' });
  });

  it('tell how long jobs ran and waited, at most a tenth off', async () => {
    await humdrum.enqueue('test.plain');
    await moveTo('2026-03-01T10:00:02Z');
    await humdrum.drain();
    const [plain] = await humdrum.statistics();
    expect(plain?.waitMs?.p50).toBeGreaterThan(1_800);
    expect(plain?.waitMs?.p95).toBeLessThan(2_200);
    // At the edges that are whole microseconds, and just below.
    const { rows } = await db.query<{ at: number; bucket: number; below: number }>(
      `select at, humdrum.bucket(edge) as bucket, humdrum.bucket(edge - interval '1 microsecond') as below
       from generate_series(1, 120, 4) as at, lateral (select power(2, (at - 1) / 4) * interval '1 millisecond' as edge) as ms`,
    );
    expect(rows).toEqual(rows.map(({ at }) => ({ at, bucket: at, below: at - 1 })));
  });

  it('writes nothing where nothing is new', async () => {
    await humdrum.enqueueMany([{ type: 'test.plain' }, { type: 'test.plain' }]);
    await humdrum.drain();
    await rollUpAll(db);
    const state = async () =>
      (await db.query('select *, xmin, ctid from humdrum.statistic order by seconds, type, start'))
        .rows;
    const before = await state();
    expect(await rollUp(db)).toEqual({ rows: 0, more: false });
    expect(await state()).toEqual(before);
  });
});

describe('rows that are committed in another order than their ids', () => {
  let db: Database;

  beforeEach(async () => {
    db = await openPostgres(await freshUrl(), { max: 5 });
    onTestFinished(() => db.close());
  });

  it('are counted once, and hold up no others', async () => {
    const { humdrum } = await openEngine(db, { jobs: TYPES });
    const plain = async () =>
      (await humdrum.countJobs()).find(({ type }) => type === 'test.plain')?.queued ?? 0;
    const begun = await Promise.all([db.begin(), db.begin()]);
    onTestFinished(async () => void (await Promise.all(begun.map((tx) => tx.rollback()))));
    const [slow, lost] = begun;
    await humdrum.enqueueWithin(slow, [{ type: 'test.plain' }]);
    await slow.savepoint(
      async (tx) => void (await humdrum.enqueueWithin(tx, [{ type: 'test.plain' }])),
    );
    await humdrum.enqueueWithin(lost, [{ type: 'test.plain' }]);
    await humdrum.enqueue('test.plain');
    expect(await rollUp(db)).toMatchObject({ rows: 1 });
    expect(await plain()).toBe(1);
    await humdrum.enqueueWithin(slow, [{ type: 'test.plain' }]);
    await humdrum.enqueue('test.plain');
    expect(await rollUp(db)).toMatchObject({ rows: 1 });
    await lost.rollback();
    await slow.commit();
    expect(await plain()).toBe(5);
    expect(await rollUp(db)).toMatchObject({ rows: 3 });
    expect(await plain()).toBe(5);
    expect(await rollUp(db)).toEqual({ rows: 0, more: false });
    expect((await db.query('select from humdrum.roll_up_gap')).rows).toEqual([]);
  });

  it('are counted once by whoever rolls up at the same time', async () => {
    const { humdrum } = await openEngine(db, { jobs: TYPES });
    for (let round = 0; round < 20; round += 1) {
      await Promise.all([
        humdrum.enqueueMany(Array.from({ length: 50 }, () => ({ type: 'test.plain' }))),
        humdrum.enqueue('test.other'),
        rollUp(db),
        rollUp(db),
        humdrum.countJobs().then((counts) => {
          for (const { queued } of counts) expect(queued).toBeLessThanOrEqual(50 * (round + 1));
        }),
      ]);
      const [jobs] = await recount(db);
      expect(await humdrum.countJobs()).toEqual(jobs);
    }
  });
});
