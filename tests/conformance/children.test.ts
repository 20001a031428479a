import { expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { promote } from '../../src/engine/transitions/promote.ts';
import { job, openEngine, stopClockAt, type EventLog } from '../support/engine.ts';
import { anyBackend } from '../support/databases.ts';
import type { Humdrum } from '../../src/index.ts';

const part = job('test.part', (_ctx, { nth, fails }) => {
  if (fails) throw new Error(`part ${String(nth)} is broken`);
  return { nth };
});
const whole = job(
  'test.whole',
  async (ctx) =>
    (await ctx.children()).map(({ status, result, errorMessage }) => ({
      status,
      result,
      errorMessage,
    })),
  { retry: { attempts: 1 } },
);
const flaky = job(
  'test.flaky',
  (ctx) => {
    if (ctx.job.attempt === 1) throw new Error('not yet');
  },
  { retry: { attempts: 1 } },
);
const onePart = job('test.one-part', () => null, { retry: { attempts: 1 } });

anyBackend('children', (fresh) => {
  const open = async (db: Database): Promise<{ humdrum: Humdrum; events: EventLog }> =>
    openEngine(db, { jobs: [part, whole, onePart, flaky], worker: { pollMs: 50 } });
  const parts = (...fails: boolean[]) =>
    fails.map((fail, nth) => ({ type: part, input: { nth, fails: fail } }));

  it('run before the job that waits for them', async () => {
    const { humdrum, events } = await open(await fresh());
    const { id } = await humdrum.enqueue(
      whole,
      {},
      { children: { jobs: parts(false, false, false), onFailure: 'fail' } },
    );
    expect((await humdrum.showJob(id)).status).toBe('queued');
    await humdrum.start();
    await events.settled(4);
    const { attemptRecords } = await humdrum.showJob(id);
    expect(attemptRecords[0]?.result).toEqual(
      [0, 1, 2].map((nth) => ({ status: 'completed', result: { nth }, errorMessage: null })),
    );
  });

  it('do not cost it its turn: what was enqueued after it comes after it', async () => {
    const db = await fresh();
    const { humdrum } = await open(db);
    const moveTo = await stopClockAt(db, '2026-03-01T12:00:00Z');
    const children = { jobs: parts(false), onFailure: 'fail', withinMs: 3_600_000 } as const;
    const parent = await humdrum.enqueue(whole, {}, { children });
    await moveTo('2026-03-01T12:00:02Z');
    const younger = await humdrum.enqueue(onePart);
    const { rows } = await db.query(
      'select id from humdrum.job where id = any ($1) order by rank',
      [[younger.id, parent.id]],
    );
    expect(rows).toEqual([{ id: parent.id }, { id: younger.id }]);
  });

  it('that fail make it fail where the policy says so; retried with them, it runs', async () => {
    const db = await fresh();
    const { humdrum, events } = await open(db);
    const { id } = await humdrum.enqueue(
      whole,
      {},
      { children: { jobs: [{ type: flaky }], onFailure: 'fail' } },
    );
    await humdrum.start();
    await events.settled(2);
    const parent = await humdrum.showJob(id);
    expect(parent).toMatchObject({ status: 'failed', attempts: 1 });
    expect(parent.attemptRecords[0]).toMatchObject({
      errorClass: 'ChildFailed',
      errorMessage: expect.stringMatching(/job \d+ \(test\.flaky\) is failed: not yet/) as string,
    });
    const { rows } = await db.query<{ id: number }>(
      'select id from humdrum.job where parent_id = $1',
      [id],
    );
    await humdrum.retry(rows[0]?.id ?? 0);
    await humdrum.retry(id);
    await events.settled(4);
    expect((await humdrum.showJob(id)).status).toBe('completed');
  });

  it('that are retried together with it run before it', async () => {
    const db = await fresh();
    const { humdrum, events } = await open(db);
    const children = { jobs: [{ type: flaky }], onFailure: 'fail' as const };
    const { id } = await humdrum.enqueue(whole, {}, { children });
    await humdrum.start();
    await events.settled(2);
    await humdrum.stop();
    expect(await humdrum.retryAll({ status: 'failed' }, { reason: 'once more' })).toBe(2);
    expect((await humdrum.why(id)).why).toMatch(/waits for its child, job/);
    await humdrum.start();
    await events.settled(4);
    expect((await humdrum.showJob(id)).status).toBe('completed');
  });

  it('that fail are told to it where the policy says so', async () => {
    const { humdrum, events } = await open(await fresh());
    const { id } = await humdrum.enqueue(
      whole,
      {},
      { children: { jobs: parts(true, false), onFailure: 'continue' } },
    );
    await humdrum.start();
    await events.until(() => events.all.some((e) => e.event === 'job-settled' && e.job.id === id));
    expect((await humdrum.showJob(id)).attemptRecords[0]?.result).toEqual([
      { status: 'failed', result: null, errorMessage: 'part 0 is broken' },
      { status: 'completed', result: { nth: 1 }, errorMessage: null },
    ]);
  });

  it('keep it waiting no longer than it says', async () => {
    const db = await fresh();
    const moveTo = await stopClockAt(db, '2026-03-01T10:00:00Z');
    const { humdrum, events } = await open(db);
    const children = { jobs: [{ type: onePart, runAt: new Date('2026-03-02') }] };
    const { id } = await humdrum.enqueue(
      whole,
      {},
      { children: { ...children, onFailure: 'fail', withinMs: 60_000 } },
    );
    await moveTo('2026-03-01T10:01:00Z');
    await promote(db);
    await humdrum.start();
    await events.settled(1);
    expect((await humdrum.showJob(id)).attemptRecords[0]?.errorMessage).toMatch(/is queued/);
  });

  it('can have children of their own, and belong to the transaction of a handler', async () => {
    const db = await fresh();
    const fan = job(
      'test.fan',
      async (ctx, { nth }) => {
        await ctx.enqueue(
          whole,
          {},
          {
            children: {
              onFailure: 'fail',
              jobs: [
                { type: whole, children: { jobs: parts(false, false), onFailure: 'fail' } },
                ...parts(false),
              ],
            },
          },
        );
        if (nth === undefined && ctx.job.attempt === 1) throw new Error('after the fan-out');
      },
      { retry: { attempts: 2, delayMs: 0 } },
    );
    const { humdrum, events } = await openEngine(db, {
      jobs: [part, whole, fan],
      worker: { pollMs: 50 },
    });
    await humdrum.enqueue(fan);
    await humdrum.start();
    await events.settled(2 + 5);
    const { rows } = await db.query(
      'select type, status, count(*) from humdrum.jobs group by 1, 2 order by 1',
    );
    expect(rows).toEqual([
      { type: 'test.fan', status: 'completed', count: 1 },
      { type: 'test.part', status: 'completed', count: 3 },
      { type: 'test.whole', status: 'completed', count: 2 },
    ]);
    const { rows: created } = await db.query(
      `select distinct actor from humdrum.audit where event = 'created' and actor like 'job:%'`,
    );
    expect(created).toEqual([{ actor: 'job:1' }]);
  });

  it.each([
    [
      { jobs: [{ type: part, unique: { key: 'a' } }], onFailure: 'fail' as const },
      /cannot be unique/,
    ],
    [{ jobs: parts(false), onFailure: 'fail' as const, withinMs: 0 }, /withinMs/],
  ])('are refused as %j', async (children, message) => {
    const { humdrum } = await open(await fresh());
    await expect(humdrum.enqueue(whole, {}, { children })).rejects.toThrow(message);
    expect(await humdrum.listJobs()).toEqual([]);
  });
});
