import { expect, it } from 'vitest';
import { defineChannel, defineSubscriber } from '../../src/index.ts';
import { eachBackend } from '../support/databases.ts';
import { job } from '../support/engine.ts';
import { openKit } from './support.ts';

eachBackend('drain', (fresh) => {
  const word = job('test.word', (_ctx, { word: said }) => said);

  it('runs what is due, in order, with what that enqueues, and leaves what is not due', async () => {
    const parent = job('test.parent', async (ctx) => {
      await ctx.enqueue(word, { word: 'inner' });
    });
    const humdrum = await openKit(fresh, { jobs: [word, parent] });
    await humdrum.enqueue(word, { word: 'last' }, { priority: 10 });
    await humdrum.enqueue(parent, {});
    await humdrum.enqueue(word, { word: 'first' }, { priority: -10 });
    await humdrum.enqueue(word, { word: 'later' }, { delayMs: 60_000 });
    const { ran, completed, failed, nextMs } = await humdrum.drain();
    expect(ran.map(({ type, result }) => [type, result])).toEqual([
      ['test.word', 'first'],
      ['test.parent', null],
      ['test.word', 'inner'],
      ['test.word', 'last'],
    ]);
    expect({ completed, failed, nextMs }).toEqual({ completed: 4, failed: 0, nextMs: 60_000 });
    expect((await humdrum.drain()).ran).toEqual([]);
    await humdrum.clock.advance({ seconds: 59, milliseconds: 999 });
    expect((await humdrum.drain()).ran).toEqual([]);
    await humdrum.clock.advance(1);
    expect((await humdrum.drain()).ran).toMatchObject([{ result: 'later' }]);
  });

  const unlucky = job(
    'test.unlucky',
    (ctx) => {
      if (ctx.job.attempt < 3) throw new RangeError(`no luck at ${ctx.job.attempt}`);
      return ctx.job.attempt;
    },
    { retry: { attempts: 3, delayMs: 60_000, backoff: 'fixed' } },
  );

  it('throws for a job that failed, with the handler’s error, once all others have run', async () => {
    const humdrum = await openKit(fresh, { jobs: [word, unlucky] });
    await humdrum.enqueue(unlucky, {});
    const { id } = await humdrum.enqueue(word, { word: 'fine' });
    await expect(humdrum.drain()).rejects.toMatchObject({
      name: 'AssertionError',
      message: expect.stringMatching(
        /^1 of 2 jobs that ran failed:\n {2}job 1 test\.unlucky, attempt 1: RangeError: no luck at 1\n/,
      ) as string,
      cause: { name: 'RangeError', stack: expect.stringContaining('drain.test.ts') as string },
    });
    expect(await humdrum.showJob(id)).toMatchObject({ status: 'completed' });
  });

  it('tells of failures without throwing where the test expects them', async () => {
    const humdrum = await openKit(fresh, { jobs: [unlucky] });
    await humdrum.enqueue(unlucky, {});
    const { ran, failed } = await humdrum.drain({ throwOnFailure: false });
    expect(failed).toBe(1);
    expect(ran).toMatchObject([
      { type: 'test.unlucky', attempt: 1, status: 'failed', error: { message: 'no luck at 1' } },
    ]);
  });

  it('moves the clock on to each retry until nothing is left', async () => {
    const humdrum = await openKit(fresh, { jobs: [unlucky] });
    await humdrum.enqueue(unlucky, {});
    const { ran, completed, failed, nextMs } = await humdrum.drain({ untilIdle: true });
    expect(ran.map(({ attempt, status }) => [attempt, status])).toEqual([
      [1, 'failed'],
      [2, 'failed'],
      [3, 'completed'],
    ]);
    expect({ completed, failed, nextMs }).toEqual({ completed: 1, failed: 2, nextMs: null });
    expect(humdrum.clock.now() > new Date('2026-03-02T09:01:00Z')).toBe(true);
  });

  it('stops a job that enqueues itself forever', async () => {
    const again = job('test.again', async (ctx) => {
      await ctx.enqueue('test.again', {});
    });
    const humdrum = await openKit(fresh, { jobs: [again] });
    await humdrum.enqueue(again, {});
    await expect(humdrum.drain({ maxAttempts: 25 })).rejects.toThrow(
      /^drain made 25 attempts and more jobs are ready\. The last ones were of test\.again/,
    );
  });

  it('lets jobs go on that wait for children, at limits, and for tokens', async () => {
    const parent = job('test.parent', async (ctx) =>
      (await ctx.children()).map(({ result }) => result),
    );
    const narrow = job('test.narrow', (_ctx, { n }) => n, { limits: [{ name: 'one' }] });
    const metered = job('test.metered', (_ctx, { n }) => n, { limits: [{ name: 'slow' }] });
    const humdrum = await openKit(fresh, {
      jobs: [parent, word, narrow, metered],
      limits: { one: { concurrency: 1 }, slow: { rate: { tokens: 1, perMs: 60_000 } } },
    });
    const children = [
      { type: word, input: { word: 'a' } },
      { type: narrow, input: { n: 1 } },
    ];
    await humdrum.enqueue(parent, {}, { children: { jobs: children, onFailure: 'fail' } });
    for (const n of [2, 3]) await humdrum.enqueue(narrow, { n });
    for (const n of [4, 5]) await humdrum.enqueue(metered, { n });
    const now = await humdrum.drain();
    expect(now.ran.map(({ result }) => result)).toEqual(['a', 1, ['a', 1], 2, 3, 4]);
    expect(now.nextMs).toBe(60_000);
    const { ran } = await humdrum.drain({ untilIdle: true });
    expect(ran).toMatchObject([{ result: 5 }]);
    expect(humdrum.clock.now()).toEqual(new Date('2026-03-02T09:01:00Z'));
  });

  it('says when the next of a queue may start that has used up its rate', async () => {
    const humdrum = await openKit(fresh, {
      jobs: [word],
      queues: { default: { rate: { tokens: 1, perMs: 60_000 } } },
    });
    await humdrum.enqueue(word, { word: 'one' });
    expect(await humdrum.drain()).toMatchObject({ completed: 1, nextMs: null });
    await humdrum.enqueue(word, { word: 'two' });
    expect(await humdrum.drain()).toMatchObject({ completed: 0, nextMs: 60_000 });
    expect(await humdrum.drain({ untilIdle: true })).toMatchObject({ completed: 1, nextMs: null });
  });

  it('delivers events and notifications to their receivers', async () => {
    const heard: unknown[] = [];
    const hear = async ({ name, data }: { name: string; data: unknown }): Promise<void> => {
      heard.push([name, data]);
    };
    const speaker = job('test.speaker', (ctx) => {
      ctx.emit('quiz.played', { player: 7 });
      ctx.notify({ channel: 'mail', to: 'ada', text: 'Played.' });
    });
    const humdrum = await openKit(fresh, {
      jobs: [speaker],
      receivers: [
        defineSubscriber({ name: 'board', events: ['quiz.*'], run: hear }),
        defineChannel({ name: 'mail', send: hear }),
      ],
    });
    await humdrum.enqueue(speaker, {});
    expect((await humdrum.drain()).completed).toBe(3);
    expect(heard).toEqual([
      ['quiz.played', { player: 7 }],
      ['mail', { to: 'ada', text: 'Played.' }],
    ]);
  });
});
