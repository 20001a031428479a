import { beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { claimNext } from '../../src/engine/transitions/claim.ts';
import type { ClaimedJob } from '../../src/engine/job/claimed-job.ts';
import { limitsOf } from '../../src/engine/job/limit-rule.ts';
import { promote } from '../../src/engine/transitions/promote.ts';
import { registerLimits } from '../../src/engine/register/limits.ts';
import { settle } from '../../src/engine/settle/settle.ts';
import { wakeWaiting } from '../../src/engine/transitions/wake.ts';
import type { Humdrum, HumdrumOptions, LimitUse } from '../../src/index.ts';
import { eachBackend } from '../support/databases.ts';
import { job, openEngine, stopClockAt } from '../support/engine.ts';
import { addWorker, completed, expireWorker, failed, rescueLost } from '../support/verbs.ts';

const limited = job('test.limited', () => null, { retry: { attempts: 3, delayMs: 0 } });
const other = job('test.other', () => null);
const queued = job('test.queued', () => null, { queue: 'mail' });

eachBackend('limits', (fresh, backend) => {
  let db: Database;
  let humdrum: Humdrum;
  let moveTo: (at: string) => Promise<void>;
  let worker: number;

  beforeEach(async () => {
    db = await fresh();
    moveTo = await stopClockAt(db, '2026-03-01T10:00:00Z');
  });

  const open = async (options: Pick<HumdrumOptions, 'limits' | 'queues'>): Promise<void> => {
    ({ humdrum } = await openEngine(db, { jobs: [limited, other, queued], ...options }));
    await registerLimits(db, limitsOf(options), 'test');
    worker = await addWorker(db);
  };
  const enqueue = async (count: number, ...limits: (string | LimitUse)[]): Promise<number[]> => {
    const ids = await humdrum.enqueueMany(
      Array.from({ length: count }, () => ({ type: limited, limits })),
    );
    await wakeWaiting(db);
    return ids;
  };
  const claim = async (limit = 100, queue = 'default', by = worker): Promise<ClaimedJob[]> => {
    const types = [limited.type, other.type, queued.type];
    return (await claimNext(db, by, { queue, types, limit })).jobs;
  };
  const idsOf = (jobs: readonly ClaimedJob[]): number[] => jobs.map(({ id }) => id);
  const complete = async (jobs: readonly ClaimedJob[]): Promise<void> => {
    await settle(
      db,
      jobs.map((one) => completed(one)),
      [],
    );
    await wakeWaiting(db);
  };
  const fail = async (one: ClaimedJob): Promise<void> => {
    await settle(db, [{ ...failed(one), type: limited }], []);
    await promote(db);
    await wakeWaiting(db);
  };
  const statuses = async (): Promise<string[]> =>
    (await humdrum.listJobs({ limit: 1_000 })).map(({ status }) => status);

  it('lets so many run at once, and the next when one has ended', async () => {
    await open({ limits: { api: { concurrency: 2 } } });
    const ids = await enqueue(5, 'api');
    expect(await statuses()).toEqual(Array.from({ length: 5 }, () => 'queued'));
    expect(await humdrum.listJobs({ status: 'queued' })).toHaveLength(5);
    const first = await claim();
    expect(idsOf(first)).toEqual(ids.slice(0, 2));
    expect(await claim()).toEqual([]);
    await complete(first.slice(0, 1));
    const second = await claim();
    expect(idsOf(second)).toEqual(ids.slice(2, 3));
    await complete([...first.slice(1), ...second]);
    expect(idsOf(await claim())).toEqual(ids.slice(3, 5));
  });

  it('does not let a long line for one key stand in the way of others', async () => {
    await open({ limits: { 'per-user': { concurrency: 1 }, all: { concurrency: 10 } } });
    const hot = await enqueue(500, 'all', { name: 'per-user', key: 'hot' });
    const [cold] = await enqueue(1, 'all', { name: 'per-user', key: 'a/"strange"\\key' });
    const [free] = await humdrum.enqueueMany([{ type: other }]);
    expect(idsOf(await claim(10))).toEqual([hot[0], cold, free]);
  });

  it('holds all limits of a job at once, and lets others pass a job that waits for one', async () => {
    await open({ limits: { a: { concurrency: 1 }, b: { concurrency: 1 } } });
    const [a] = await enqueue(1, 'a');
    const [both] = await enqueue(1, 'a', 'b');
    const [b] = await enqueue(1, 'b');
    const first = await claim();
    expect(idsOf(first)).toEqual([a, b]);
    await complete(first.filter(({ id }) => id === a));
    expect(await claim()).toEqual([]); // `a` is free, and `b` is not.
    const [next] = await enqueue(1, 'a');
    expect(idsOf(await claim())).toEqual([next]);
    await complete(first.filter(({ id }) => id === b));
    expect(await claim()).toEqual([]); // Now `b` is free, and `a` is not.
    expect((await db.query('select gate from humdrum.parked')).rows).toEqual([{ gate: 'a' }]);
    expect(both).toBeGreaterThan(0);
  });

  it('counts weights', async () => {
    await open({ limits: { memory: { concurrency: 4 } } });
    const [small] = await enqueue(1, { name: 'memory', weight: 1 });
    const [big] = await enqueue(1, { name: 'memory', weight: 4 });
    const [later] = await enqueue(1, { name: 'memory', weight: 1 });
    const first = await claim();
    expect(idsOf(first)).toEqual([small]); // The big one is next, and is not starved by small ones.
    await complete(first);
    const second = await claim();
    expect(idsOf(second)).toEqual([big]);
    await complete(second);
    expect(idsOf(await claim())).toEqual([later]);
  });

  it('starts no more than a rate allows, by the clock of the database', async () => {
    await open({ limits: { mails: { rate: { tokens: 2, perMs: 60_000 } } } });
    const ids = await enqueue(6, 'mails');
    expect(idsOf(await claim())).toEqual(ids.slice(0, 2));
    expect((await wakeWaiting(db)).nextMs).toBe(30_000);
    await moveTo('2026-03-01T10:00:29Z');
    await wakeWaiting(db);
    expect(await claim()).toEqual([]);
    await moveTo('2026-03-01T10:00:30Z');
    await wakeWaiting(db);
    expect(idsOf(await claim())).toEqual(ids.slice(2, 3));
    await moveTo('2026-03-01T11:00:00Z'); // However long nothing ran, no more than a full bucket.
    await wakeWaiting(db);
    expect(idsOf(await claim())).toEqual(ids.slice(3, 5));
  });

  it('has nothing to look at again where nobody waits for tokens', async () => {
    await open({ limits: { mails: { rate: { tokens: 2, perMs: 60_000 } } } });
    await enqueue(1, 'mails');
    await complete(await claim());
    expect(await wakeWaiting(db)).toEqual({ woken: 0, nextMs: null });
  });

  it('limits a queue, down to nothing, and tells of the change', async () => {
    await open({ queues: { mail: { concurrency: 2 } } });
    const ids = await humdrum.enqueueMany(Array.from({ length: 4 }, () => ({ type: queued })));
    const first = await claim(10, 'mail');
    expect(idsOf(first)).toEqual(ids.slice(0, 2));
    expect(await claim(10, 'mail')).toEqual([]);
    await complete(first);
    await registerLimits(db, limitsOf({ queues: { mail: { concurrency: 0 } } }), 'user:ada');
    expect(await claim(10, 'mail')).toEqual([]);
    const { rows } = await db.query(
      `select actor, reason from humdrum.audit where event = 'configured' and reason like '%queue:mail%' order by id`,
    );
    expect(rows).toEqual([
      { actor: 'test', reason: 'limit queue:mail: concurrency 2' },
      { actor: 'user:ada', reason: 'limit queue:mail: concurrency 0' },
    ]);
    await registerLimits(db, limitsOf({ queues: { mail: { concurrency: 9 } } }), 'user:ada');
    expect(idsOf(await claim(10, 'mail'))).toEqual(ids.slice(2));
  });

  it('limits the rate of a queue, and says when there is more', async () => {
    await open({ queues: { mail: { rate: { tokens: 1, perMs: 1_000 } } } });
    const ids = await humdrum.enqueueMany(Array.from({ length: 3 }, () => ({ type: queued })));
    expect(idsOf(await claim(10, 'mail'))).toEqual(ids.slice(0, 1));
    expect(await wakeWaiting(db)).toEqual({ woken: 0, nextMs: 1_000 });
    await moveTo('2026-03-01T10:00:01Z');
    expect((await wakeWaiting(db)).woken).toBeGreaterThan(0);
    expect(idsOf(await claim(10, 'mail'))).toEqual(ids.slice(1, 2));
  });

  describe('in strict order', () => {
    const inOrder = { name: 'in-order', key: 'account-7' };

    beforeEach(() => open({ limits: { 'in-order': { ordered: true }, api: { concurrency: 1 } } }));

    it('starts the next when the one before has ended, retries and all', async () => {
      const [first, second] = await enqueue(2, inOrder);
      const [one] = await claim();
      expect(one?.id).toBe(first);
      if (one) await fail(one);
      const [again] = await claim();
      expect(again).toMatchObject({ id: first, attempt: 2 });
      if (again) await fail(again);
      const [last] = await claim();
      expect(last).toMatchObject({ id: first, attempt: 3 });
      if (last) await fail(last);
      expect(idsOf(await claim())).toEqual([second]);
    });

    it('keeps the turn of a job that waits for another limit', async () => {
      const [busy] = await enqueue(1, 'api');
      const running = await claim();
      expect(idsOf(running)).toEqual([busy]);
      const [first] = await enqueue(1, inOrder, 'api');
      expect(await claim()).toEqual([]);
      const [second] = await enqueue(1, inOrder);
      expect(await claim()).toEqual([]); // It has its slot free, but not its turn.
      await complete(running);
      const next = await claim();
      expect(idsOf(next)).toEqual([first]);
      await complete(next);
      expect(idsOf(await claim())).toEqual([second]);
    });

    it('lets no two jobs wait for the turns of each other, in whatever order they name them', async () => {
      const [a, b] = ['a', 'b'].map((key) => ({ name: 'in-order', key }));
      if (!a || !b) throw new Error('There are two.');
      const [busy] = await enqueue(1, b);
      const running = await claim();
      expect(idsOf(running)).toEqual([busy]);
      const [first] = await enqueue(1, a, b);
      expect(await claim()).toEqual([]); // It keeps its turn at `a` and waits for `b`.
      const urgent = { type: limited, limits: [b, a], priority: -5 };
      const [second] = await humdrum.enqueueMany([urgent]);
      await wakeWaiting(db);
      await complete(running);
      const next = await claim();
      expect(idsOf(next)).toEqual([first]);
      await complete(next);
      expect(idsOf(await claim())).toEqual([second]);
    });

    it('goes on when the one whose turn it is has been cancelled', async () => {
      const [first, second] = await enqueue(2, inOrder);
      const [one] = await claim();
      if (one) await settle(db, [{ ...failed(one), type: job('test.limited', () => null) }], []);
      await humdrum.cancel(first ?? 0);
      await wakeWaiting(db);
      expect(idsOf(await claim())).toEqual([second]);
    });
  });

  it('gives back what a dead worker held', async () => {
    await open({ limits: { api: { concurrency: 1 } } });
    const [first] = await enqueue(1, 'api');
    const dying = await addWorker(db, 'dying');
    expect(await claim(10, 'default', dying)).toHaveLength(1);
    await expireWorker(db, dying);
    await rescueLost(db);
    await wakeWaiting(db);
    expect(await claim()).toMatchObject([{ id: first, attempt: 2 }]);
    expect((await db.query('select job_id from humdrum.slot')).rows).toEqual([{ job_id: first }]);
  });

  it('wakes another when one that was woken is cancelled', async () => {
    await open({ limits: { api: { concurrency: 1 } } });
    const [first, second] = await enqueue(2, 'api');
    await humdrum.cancel(first ?? 0);
    await wakeWaiting(db);
    expect(idsOf(await claim())).toEqual([second]);
  });

  it('wakes lighter ones when a heavy one at the head of the line is cancelled', async () => {
    await open({ limits: { memory: { concurrency: 4 } } });
    await enqueue(1, { name: 'memory', weight: 2 });
    expect(await claim()).toHaveLength(1);
    const [heavy] = await enqueue(1, { name: 'memory', weight: 4 });
    const [light] = await enqueue(1, 'memory');
    expect(await claim()).toEqual([]);
    await humdrum.cancel(heavy ?? 0);
    await wakeWaiting(db);
    expect(idsOf(await claim())).toEqual([light]);
  });

  it.skipIf(backend === 'pglite')(
    'lets nobody stand at a gate that was opened meanwhile',
    async () => {
      await open({ limits: { a: { concurrency: 1 }, b: { concurrency: 1 } } });
      await enqueue(1, 'b');
      expect(await claim()).toHaveLength(1);
      const [both] = await enqueue(1, 'a', 'b');
      const tx = await db.begin();
      // `b` is shut, as this claim sees it.
      const from = { queue: 'default', types: [limited.type], limit: 1 };
      expect((await claimNext(tx, worker, from)).jobs).toEqual([]);
      await registerLimits(db, limitsOf({ limits: { b: { concurrency: 2 } } }), 'test');
      await wakeWaiting(db);
      await tx.commit();
      await wakeWaiting(db);
      expect(idsOf(await claim())).toEqual([both]);
    },
  );

  it('lets a type that no worker runs keep nobody waiting', async () => {
    await open({ limits: { api: { concurrency: 1 } } });
    await humdrum.enqueueMany([{ type: queued, limits: ['api'] }]);
    const [mine] = await enqueue(1, 'api');
    expect(idsOf(await claim(10))).toEqual([mine]);
  });

  it.each([
    [['nothing'], /There is no limit "nothing"/],
    [[{ name: 'api', weight: 3 }], /weight of the limit "api" must be from 1 to 2, not 3/],
    [['api', 'api'], /must name each of its limits only once/],
    [[{ name: 'api', key: 'x'.repeat(501) }], /at most 500 characters/],
  ])('refuses %j', async (limits, message) => {
    await open({ limits: { api: { concurrency: 2 } } });
    await expect(humdrum.enqueue(limited, {}, { limits })).rejects.toThrow(message);
  });
});
