import { expect, it } from 'vitest';
import { PermanentError } from '../../src/index.ts';
import { replayStatus } from '../../src/engine/job/lifecycle.ts';
import { eachBackend } from '../support/databases.ts';
import { vacuum } from '../../src/engine/upkeep/vacuum.ts';
import { job, makeWitness, openEngine, refuseResults, witnessed } from '../support/engine.ts';

eachBackend('a worker', (fresh) => {
  it('runs jobs in order of priority and records each', async () => {
    const order: unknown[] = [];
    const note = job('test.note', (_ctx, { word }) => void order.push(word));
    const db = await fresh();
    const { humdrum, events } = await openEngine(db, { jobs: [note], worker: { concurrency: 1 } });
    await humdrum.enqueueMany([
      { type: note, input: { word: 'second' } },
      { type: note, input: { word: 'third' }, priority: 5 },
      { type: note, input: { word: 'first' }, priority: -5 },
    ]);
    await humdrum.start();
    await events.settled(3);
    expect(order).toEqual(['first', 'second', 'third']);
    const jobs = await humdrum.listJobs();
    expect(jobs.map(({ status, attempts }) => `${status} ${attempts}`)).toEqual([
      'completed 1',
      'completed 1',
      'completed 1',
    ]);
    await humdrum.stop();
    for (const table of ['ready', 'later', 'lease', 'failed']) {
      expect((await db.query(`select * from humdrum.${table}`)).rows).toEqual([]);
    }
  });

  it('hears at once of a job that is enqueued while it waits', async () => {
    const echo = job('test.echo', (_ctx, input) => input);
    const { humdrum, events } = await openEngine(await fresh(), {
      jobs: [echo],
      worker: { pollMs: 3_600_000 },
    });
    await humdrum.start();
    await humdrum.enqueue(echo, { word: 'one' });
    await events.settled(1);
    await humdrum.enqueue(echo, { word: 'two' });
    await events.settled(2);
    expect(await humdrum.getStats()).toEqual({
      totalExecutions: 2,
      successfulExecutions: 2,
      failedExecutions: 0,
      successRate: 100,
    });
  });

  it('overlooks no job whose place in the queue is before those that it has run', async () => {
    const echo = job('test.echo', () => null);
    const { humdrum, events } = await openEngine(await fresh(), {
      jobs: [echo],
      worker: { pollMs: 3_600_000 },
    });
    await humdrum.start();
    for (let priority = 5; priority > -20; priority -= 1) {
      await humdrum.enqueue(echo, {}, { priority });
      await events.settled(6 - priority);
    }
    expect(await humdrum.getStats()).toMatchObject({ successfulExecutions: 25 });
  });

  it('hears of a job for a moment to come, and runs it then', async () => {
    const echo = job('test.echo', (_ctx, input) => input);
    const { humdrum, events } = await openEngine(await fresh(), {
      jobs: [echo],
      worker: { pollMs: 3_600_000 },
    });
    await humdrum.start();
    const runAt = new Date(Date.now() + 300);
    const { id } = await humdrum.enqueue(echo, {}, { runAt });
    await events.settled(1);
    const [attempt] = (await humdrum.showJob(id)).attemptRecords;
    expect(attempt?.startedAt.getTime()).toBeGreaterThanOrEqual(runAt.getTime());
  });

  it('tries again what fails, each attempt a record of its own', async () => {
    const flaky = job('test.flaky', (ctx) => {
      ctx.log('trying', { attempt: ctx.job.attempt });
      if (ctx.job.attempt < 3) throw new RangeError(`not yet ${ctx.job.attempt}`);
      return { done: true };
    });
    const { humdrum, events } = await openEngine(await fresh(), { jobs: [flaky] });
    const { id } = await humdrum.enqueue(flaky);
    await humdrum.start();
    await events.settled(3);
    const shown = await humdrum.showJob(id);
    expect(shown.status).toBe('completed');
    expect(
      shown.attemptRecords.map(({ number, status, errorClass, errorMessage, log }) => ({
        number,
        status,
        errorClass,
        errorMessage,
        log,
      })),
    ).toEqual([
      {
        number: 1,
        status: 'failed',
        errorClass: 'RangeError',
        errorMessage: 'not yet 1',
        log: [{ message: 'trying', fields: { attempt: 1 } }],
      },
      {
        number: 2,
        status: 'failed',
        errorClass: 'RangeError',
        errorMessage: 'not yet 2',
        log: [{ message: 'trying', fields: { attempt: 2 } }],
      },
      {
        number: 3,
        status: 'completed',
        errorClass: null,
        errorMessage: null,
        log: [{ message: 'trying', fields: { attempt: 3 } }],
      },
    ]);
    expect(shown.attemptRecords[0]?.errorStack).toContain('work.test.ts');
    const told = shown.audit.map(({ event }) => event);
    expect(told).toEqual([
      'created',
      'started',
      'failed',
      'retried',
      'started',
      'failed',
      'retried',
      'started',
      'completed',
    ]);
    expect(replayStatus(told)).toBe('completed');
  });

  it('fails a job whose attempts are spent, and at once one with a permanent error', async () => {
    const doomed = job(
      'test.doomed',
      () => {
        throw new Error('never');
      },
      { retry: { attempts: 2, delayMs: 0 } },
    );
    const refused = job('test.refused', () => {
      throw new PermanentError('no such account');
    });
    const { humdrum, events } = await openEngine(await fresh(), { jobs: [doomed, refused] });
    await humdrum.enqueueMany([{ type: doomed }, { type: refused }]);
    await humdrum.start();
    await events.settled(3);
    const failed = await humdrum.listJobs({ status: 'failed' });
    expect(
      failed.map(({ type, attempts, errorMessage }) => [type, attempts, errorMessage]),
    ).toEqual([
      ['test.refused', 1, 'no such account'],
      ['test.doomed', 2, 'never'],
    ]);
    expect((await humdrum.showJob(failed[0]?.id ?? 0)).actions).toEqual(['retry', 'cancel']);
  });

  it('fails an attempt that takes longer than its limit, and lets its handler write no more', async () => {
    const db = await fresh();
    await makeWitness(db);
    let goOn = (): void => undefined;
    let late: Promise<unknown> = Promise.resolve();
    const slow = job(
      'test.slow',
      async (ctx) => {
        await ctx.db.query(`insert into witness values ('before')`);
        const waited = new Promise<void>((resolve) => (goOn = resolve));
        late = waited.then(() => ctx.db.query(`insert into witness values ('after')`));
        late.catch(() => undefined);
        await new Promise((_resolve, reject) =>
          ctx.signal.addEventListener('abort', () => reject(new Error('aborted'))),
        );
      },
      { timeoutMs: 20, retry: { attempts: 1 } },
    );
    const { humdrum, events } = await openEngine(db, { jobs: [slow] });
    const { id } = await humdrum.enqueue(slow);
    await humdrum.start();
    await events.settled(1);
    goOn();
    await expect(late).rejects.toThrow('This attempt is over');
    expect(await witnessed(db)).toEqual([]);
    expect((await humdrum.showJob(id)).attemptRecords).toMatchObject([
      { status: 'failed', errorClass: 'Timeout' },
    ]);
  });

  it('leaves alone what it does not know', async () => {
    const db = await fresh();
    const other = await openEngine(db, { jobs: [job('test.other', () => null)] });
    await other.humdrum.enqueue('test.other');
    const { humdrum, events } = await openEngine(db, { jobs: [job('test.mine', () => null)] });
    await humdrum.enqueue('test.mine');
    await humdrum.start();
    await events.settled(1);
    const jobs = await humdrum.listJobs();
    expect(jobs.map(({ type, status }) => [type, status])).toEqual([
      ['test.mine', 'completed'],
      ['test.other', 'queued'],
    ]);
  });

  it('aborts at the end of its patience, and gives that back too', async () => {
    let begin = (): void => undefined;
    const begun = new Promise<void>((resolve) => (begin = resolve));
    const endless = job('test.endless', async (ctx) => {
      begin();
      await new Promise((_resolve, reject) =>
        ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason as Error)),
      );
    });
    const { humdrum } = await openEngine(await fresh(), { jobs: [endless] });
    const { id } = await humdrum.enqueue(endless);
    await humdrum.start();
    await begun;
    await humdrum.stop(0);
    const shown = await humdrum.showJob(id);
    expect(shown).toMatchObject({ status: 'queued', attempts: 0 });
    expect(shown.audit.map(({ event }) => event)).toEqual(['created', 'started', 'released']);
  });

  it('does not let one settlement that cannot be stored hold up the others', async () => {
    const db = await fresh();
    await refuseResults(db);
    const odd = job('test.odd', (_ctx, { code }) => ({ code }));
    const { humdrum, events } = await openEngine(db, { jobs: [odd] });
    const codes = [null, null, 'P0001', null];
    await humdrum.enqueueMany(codes.map((code) => ({ type: odd, input: { code } })));
    await humdrum.start();
    await events.settled(4);
    const jobs = (await humdrum.listJobs()).toReversed();
    expect(jobs.map(({ status }) => status)).toEqual([
      'completed',
      'completed',
      'failed',
      'completed',
    ]);
    expect(jobs[2]?.errorMessage).toBe(
      'What the job returned could not be stored: no room for this',
    );
    // What is told is what is recorded.
    const failures = events.all.filter(
      (told) => 'outcome' in told && 'error' in told.outcome.ended,
    );
    expect(failures).toMatchObject([{ job: { id: jobs[2]?.id } }]);
    expect(await humdrum.run(odd, { code: 'P0001' })).toMatchObject({ succeeded: false });
  });

  it('leaves hot tables that a vacuum makes small again', async () => {
    const db = await fresh();
    const quick = job('test.quick', () => null);
    const { humdrum, events } = await openEngine(db, { jobs: [quick] });
    await humdrum.enqueueMany(Array.from({ length: 3_000 }, () => ({ type: quick })));
    await humdrum.start();
    await events.settled(3_000);
    await humdrum.stop();
    const pages = async () => {
      const { rows } = await db.query<{ pages: number }>(
        `select pg_relation_size('humdrum.ready') / 8192 as pages`,
      );
      return rows[0]?.pages ?? 0;
    };
    expect(await pages()).toBeGreaterThan(10);
    await vacuum(db);
    expect(await pages()).toBe(0);
  });
});
