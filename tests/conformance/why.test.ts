import { beforeEach, expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { limitsOf } from '../../src/engine/job/limit-rule.ts';
import { registerLimits } from '../../src/engine/register/limits.ts';
import { settle } from '../../src/engine/settle/settle.ts';
import { wakeWaiting } from '../../src/engine/transitions/wake.ts';
import { defineChannel, type Humdrum } from '../../src/index.ts';
import { eachBackend } from '../support/databases.ts';
import { openEngine, stopClockAt } from '../support/engine.ts';
import { addWorker, claim, completed, expireWorker, failed, plain } from '../support/verbs.ts';

const limits = {
  api: { concurrency: 1 },
  shut: { concurrency: 0 },
  rate: { rate: { tokens: 1, perMs: 60_000 } },
  turn: { ordered: true },
};

eachBackend('why', (fresh) => {
  let db: Database;
  let humdrum: Humdrum;
  let moveTo: (at: string) => Promise<void>;
  let worker: number;

  beforeEach(async () => {
    db = await fresh();
    moveTo = await stopClockAt(db, '2026-03-01T10:00:00Z');
    ({ humdrum } = await openEngine(db, { jobs: [plain], limits }));
    await registerLimits(db, limitsOf({ limits, queues: { full: { concurrency: 0 } } }), 'test');
    worker = await addWorker(db);
  });

  const enqueue = async (options: Parameters<Humdrum['enqueue']>[2] = {}): Promise<number> => {
    const { id } = await humdrum.enqueue(plain, {}, options);
    await wakeWaiting(db);
    return id;
  };
  const whyOf = async (id: number): Promise<string> => (await humdrum.why(id)).why;
  const serve = (queues: string[], types: string[]) =>
    db.query('update humdrum.worker set queues = $2, types = $3 where id = $1', [
      worker,
      queues,
      types,
    ]);

  it('tells of a job that may start who could start it', async () => {
    const id = await enqueue();
    expect(await whyOf(id)).toBe('It may start, but no worker is running.');
    await serve(['mail'], ['other.type']);
    expect(await whyOf(id)).toMatch(/no running worker knows the type test\.plain/);
    await serve(['mail'], [plain.type]);
    expect(await whyOf(id)).toMatch(/no running worker serves the queue "default"/);
    await serve(['default'], [plain.type]);
    expect(await whyOf(await enqueue())).toBe(
      'It starts as soon as a worker is free. In its queue, 1 other job is ahead of it.',
    );
  });

  it('tells what has its time to come', async () => {
    expect(await whyOf(await enqueue({ delayMs: 60_000 }))).toBe(
      'It is due at 2026-03-01T10:01:00.000Z.',
    );
    const overdue = await enqueue({ startBy: new Date('2026-03-01T10:00:01Z') });
    await moveTo('2026-03-01T10:00:01Z');
    expect(await whyOf(overdue)).toMatch(/missed its deadline to start/);
  });

  it('tells which limit it waits for, and who holds it', async () => {
    const holder = await enqueue({ limits: ['api'] });
    await claim(db, worker);
    const second = await enqueue({ limits: ['api'] });
    const third = await enqueue({ limits: ['api'] });
    expect(await whyOf(second)).toBe(
      `It waits for the limit "api" (1 at once), held by job ${holder}.`,
    );
    expect(await whyOf(third)).toMatch(/; 1 other job is ahead of it in line/);
    expect(await whyOf(await enqueue({ limits: ['shut'] }))).toMatch(/its concurrency is 0/);
    await enqueue({ limits: ['rate'] });
    await claim(db, worker);
    expect(await whyOf(await enqueue({ limits: ['rate'] }))).toBe(
      'It waits for the rate limit "rate" (1 per 60000 ms); the next job may start at 2026-03-01T10:01:00.000Z.',
    );
    const first = await enqueue({ limits: [{ name: 'turn', key: 'a' }] });
    await claim(db, worker);
    expect(await whyOf(await enqueue({ limits: [{ name: 'turn', key: 'a' }] }))).toBe(
      `It waits in the strict order of "turn/a": job ${first} has not ended.`,
    );
  });

  it('tells of a job that waits for children', async () => {
    const parent = await enqueue({
      children: { jobs: [{ type: plain }, { type: plain }], onFailure: 'fail' },
    });
    expect(await whyOf(parent)).toMatch(
      /waits for 2 children \(the first is job 2\), until 2026-03-02T10:00/,
    );
  });

  it('tells of a delivery that the circuit breaker of its channel is open', async () => {
    const mail = defineChannel({ name: 'mail', send: () => undefined });
    const { humdrum: mailing } = await openEngine(db, { jobs: [plain], receivers: [mail] });
    const { id } = await mailing.enqueue('notify.mail', { job: 1 }, { delayMs: 60_000 });
    const due = 'It is due at 2026-03-01T10:01:00.000Z.';
    expect(await whyOf(id)).toBe(due);
    await db.query(`insert into humdrum.breaker values ('mail', 3, $1)`, ['2026-03-01T10:02:00Z']);
    expect(await whyOf(id)).toBe(
      `${due} The circuit breaker of the channel "mail" is open until 2026-03-01T10:02:00.000Z: its last 3 messages failed.`,
    );
    await moveTo('2026-03-01T10:02:00Z');
    expect(await whyOf(id)).not.toContain('breaker');
  });

  it('tells how it runs, fails and ends', async () => {
    const [done, broken, dropped, lost] = [
      await enqueue(),
      await enqueue(),
      await enqueue({ delayMs: 5 }),
      await enqueue(),
    ];
    const running = await claim(db, worker);
    expect(await whyOf(done)).toMatch(/^It was claimed by worker \d+ \(test\) at /);
    const [first, second] = running;
    if (first && second) await settle(db, [completed(first), failed(second, true)], []);
    expect(await whyOf(done)).toMatch(/^It completed in attempt 1 at/);
    expect(await whyOf(broken)).toMatch(
      /^It has failed: attempt 1 of \d+ ended with Error: no luck\. Retry it or cancel it\.$/,
    );
    await humdrum.cancel(dropped, { actor: 'user:ada', reason: 'a mistake' });
    expect(await whyOf(dropped)).toMatch(/cancelled by user:ada at .*: a mistake\.$/);
    await expireWorker(db, worker);
    expect(await whyOf(lost)).toMatch(/Another worker is about to rescue it/);
    await expect(humdrum.why(99)).rejects.toMatchObject({ code: 'job-not-found' });
  });

  it('tells of a retry when it is due, and what failed', async () => {
    const id = await enqueue();
    const later = { ...plain, retry: { ...plain.retry, on: () => ({ afterMs: 30_000 }) } };
    const [one] = await claim(db, worker);
    if (one) {
      const settlement = failed(one);
      const { ended } = settlement.outcome;
      if ('error' in ended) {
        await settle(
          db,
          [
            {
              ...settlement,
              type: later,
              outcome: { ...settlement.outcome, ended: { ...ended, retryAfterMs: 30_000 } },
            },
          ],
          [],
        );
      }
    }
    expect(await whyOf(id)).toBe(
      'Attempt 2 is due at 2026-03-01T10:00:30.000Z: attempt 1 failed (Error: no luck).',
    );
  });
});
