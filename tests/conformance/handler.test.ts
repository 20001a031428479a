import { beforeEach, expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { eachBackend } from '../support/databases.ts';
import { job, makeWitness, openEngine, witnessed } from '../support/engine.ts';

eachBackend("the handler's world", (fresh) => {
  let db: Database;

  beforeEach(async () => {
    db = await fresh();
    await makeWitness(db);
  });

  const write = (word: unknown): [string, unknown[]] => ['insert into witness values ($1)', [word]];

  it('commits the writes of an atomic job with its completion, or not at all', async () => {
    const once = job('test.once', async (ctx, { word }) => {
      await ctx.db.query(...write(`${String(word)} ${ctx.job.attempt}`));
      if (ctx.job.attempt === 1) throw new Error('after writing');
    });
    const { humdrum, events } = await openEngine(db, { jobs: [once] });
    await humdrum.enqueue(once, { word: 'attempt' });
    await humdrum.start();
    await events.settled(2);
    expect(await witnessed(db)).toEqual(['attempt 2']);
  });

  it('is the same in every attempt: now, random and ids', async () => {
    const seen: unknown[] = [];
    const same = job('test.same', (ctx) => {
      seen.push([ctx.now.toISOString(), ctx.random(), ctx.random(), ctx.id('a'), ctx.id('b')]);
      if (ctx.job.attempt < 3) throw new Error('again');
    });
    const { humdrum, events } = await openEngine(db, { jobs: [same] });
    await humdrum.enqueueMany([{ type: same, runAt: new Date('2020-02-02T02:02:02Z') }]);
    await humdrum.start();
    await events.settled(3);
    expect(seen[1]).toEqual(seen[0]);
    expect(seen[2]).toEqual(seen[0]);
    expect(seen[0]).toEqual(expect.arrayContaining(['2020-02-02T02:02:02.000Z']));
    const { jobId } = await humdrum.run(same, {});
    expect(jobId).toBe(2);
    expect(seen[3]).not.toEqual(seen[0]);
  });

  it('reports a bad item and goes on with the others', async () => {
    const each = job('test.each', async (ctx) => {
      const report = await ctx.forEach(['a', 'bad', 'c'], async (word, tx) => {
        await tx.query(...write(word));
        ctx.emit('wrote', word);
        if (word === 'bad') throw new Error('a bad word');
      });
      return { ...report };
    });
    const { humdrum } = await openEngine(db, { jobs: [each] });
    const { outcome, jobId } = await humdrum.run(each);
    expect(outcome.ended).toEqual({
      result: { succeeded: 2, failed: [{ item: 'bad', error: 'a bad word' }] },
    });
    expect(await witnessed(db)).toEqual(['a', 'c']);
    expect((await humdrum.showJob(jobId)).effects.map(({ data }) => data)).toEqual(['a', 'c']);
  });

  it('halves a set that fails until its bad items stand alone', async () => {
    const calls: number[] = [];
    const sets = job('test.sets', async (ctx) => {
      const items = Array.from({ length: 10 }, (_, at) => at);
      return ctx.forEachSet(items, 8, async (set, tx) => {
        calls.push(set.length);
        await tx.query('insert into witness select unnest($1::text[])', [set.map(String)]);
        if (set.includes(3)) await tx.query('select 1 / 0');
      });
    });
    const { humdrum } = await openEngine(db, { jobs: [sets] });
    const { outcome } = await humdrum.run(sets);
    expect(outcome.ended).toEqual({
      result: { succeeded: 9, failed: [{ item: 3, error: 'division by zero' }] },
    });
    expect(calls).toEqual([8, 4, 2, 2, 1, 1, 4, 2]);
    expect(await witnessed(db)).toEqual(['0', '1', '2', '4', '5', '6', '7', '8', '9']);
  });

  it('joins what the handler does by another road: the outer database, the engine', async () => {
    const child = job('test.child', () => null);
    const parent = job('test.parent', async (_ctx, { fail }) => {
      await db.query(...write('outer'));
      await db.transaction(async (tx) => void (await tx.query(...write('nested'))));
      await humdrum.enqueue('test.child');
      if (fail === true) throw new Error('undo it all');
    });
    const { humdrum } = await openEngine(db, { jobs: [parent, child] });
    await humdrum.run(parent, { fail: true });
    expect(await witnessed(db)).toEqual([]);
    expect((await humdrum.listJobs({ type: 'test.child' })).length).toBe(0);
    await humdrum.run(parent, {});
    expect(await witnessed(db)).toEqual(['nested', 'outer']);
    expect((await humdrum.listJobs({ type: 'test.child' })).length).toBe(1);
  });

  it('keeps siblings apart: a savepoint that fails takes nothing of another with it', async () => {
    const siblings = job('test.siblings', async (ctx) => {
      const one = ctx.db.transaction(async (tx) => {
        await tx.query(...write('one'));
        throw new Error('only mine');
      });
      const two = ctx.db.transaction(async (tx) => void (await tx.query(...write('two'))));
      return (await Promise.allSettled([one, two])).map(({ status }) => status);
    });
    const { humdrum } = await openEngine(db, { jobs: [siblings] });
    const { outcome } = await humdrum.run(siblings);
    expect(outcome.ended).toEqual({ result: ['rejected', 'fulfilled'] });
    expect(await witnessed(db)).toEqual(['two']);
  });

  it('counts what siblings wrote at the same time, and keeps what they emitted', async () => {
    const siblings = job('test.siblings', async ({ db: mine, emit }) => {
      await Promise.allSettled(
        ['one', 'two', 'three'].map((word) =>
          mine.transaction(async (tx) => {
            await tx.query(...write(word));
            emit('wrote', word);
            if (word === 'two') throw new Error('only mine');
          }),
        ),
      );
    });
    const { humdrum } = await openEngine(db, { jobs: [siblings] });
    const plan = await humdrum.rehearse(siblings);
    expect(plan.tables).toEqual([{ table: 'public.witness', inserted: 2, updated: 0, deleted: 0 }]);
    expect(plan.effects.map(({ data }) => data)).toEqual(['one', 'three']);
  });

  it('is not upset by what cannot be stored: a log line is cut short, an event fails its job', async () => {
    const talker = job('test.talker', (ctx) => {
      ctx.log('big', { n: 1n as never });
      ctx.log('long', { text: 'x'.repeat(10_000) });
      return 'done';
    });
    const emitter = job('test.emitter', (ctx) => ctx.emit('big', { n: 1n as never }), {
      retry: { attempts: 1 },
    });
    const { humdrum, events } = await openEngine(db, { jobs: [talker, emitter] });
    await humdrum.enqueueMany([{ type: talker }, { type: emitter }, { type: talker }]);
    await humdrum.start();
    await events.settled(3);
    const [first, failed] = (await humdrum.listJobs()).toReversed();
    expect((await humdrum.showJob(first?.id ?? 0)).attemptRecords[0]).toMatchObject({
      status: 'completed',
      log: [
        { message: 'big', fields: { unreadable: expect.stringContaining('BigInt') as string } },
        { message: 'long', fields: { cut: expect.any(String) as string } },
      ],
    });
    expect(failed?.errorMessage).toBe(
      'The data of the event big cannot be stored as JSON: n is a bigint.',
    );
  });

  it('commits the steps of a job that is not atomic as they come', async () => {
    const steps = job(
      'test.steps',
      async (ctx) => {
        await ctx.db.query(...write('first'));
        await ctx.db.transaction(async (tx) => void (await tx.query(...write('second'))));
        throw new Error('in the middle');
      },
      { atomic: false, retry: { attempts: 1 } },
    );
    const { humdrum } = await openEngine(db, { jobs: [steps] });
    expect((await humdrum.run(steps)).succeeded).toBe(false);
    expect(await witnessed(db)).toEqual(['first', 'second']);
  });

  it('keeps errors verbatim, and what no text column can hold in a form that it can', async () => {
    const words = [
      '<b>bold</b>',
      "'; drop table job; --",
      'nul \u0000 byte',
      'x'.repeat(1_000_000),
    ];
    const thrower = job(
      'test.thrower',
      (_ctx, { at }) => {
        throw new Error(words[Number(at)]);
      },
      { retry: { attempts: 1 } },
    );
    const odd = job(
      'test.odd',
      () => {
        // oxlint-disable-next-line typescript/only-throw-error -- handlers of users do
        throw { not: 'an error' };
      },
      { retry: { attempts: 1 } },
    );
    const { humdrum } = await openEngine(db, { jobs: [thrower, odd] });
    const kept: unknown[] = [];
    for (const at of words.keys()) {
      const { jobId } = await humdrum.run(thrower, { at });
      kept.push((await humdrum.showJob(jobId)).attemptRecords[0]?.errorMessage);
    }
    expect(kept).toEqual([words[0], words[1], 'nul \\u0000 byte', words[3]]);
    const { jobId } = await humdrum.run(odd);
    expect((await humdrum.showJob(jobId)).attemptRecords[0]).toMatchObject({
      errorClass: 'NotAnError',
      errorMessage: '{"not":"an error"}',
    });
  });

  it('fails a job that has swallowed an error of the database, instead of losing its writes in silence', async () => {
    const swallow = job(
      'test.swallow',
      async (ctx) => {
        await ctx.db.query(...write('lost'));
        await ctx.db.query('select 1 / 0').catch(() => undefined);
      },
      { retry: { attempts: 1 } },
    );
    const { humdrum } = await openEngine(db, { jobs: [swallow] });
    expect((await humdrum.run(swallow)).succeeded).toBe(false);
    expect(await witnessed(db)).toEqual([]);
    expect((await humdrum.listJobs({ status: 'failed' }))[0]?.errorMessage).toMatch(
      /transaction is aborted/,
    );
  });
});
