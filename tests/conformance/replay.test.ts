import { expect, it } from 'vitest';
import { z } from 'zod';
import { createHumdrum, defineJob } from '../../src/index.ts';
import { anyBackend } from '../support/databases.ts';
import { makeWitness, openEngine, stopClockAt, witnessed } from '../support/engine.ts';

const AT = new Date('2026-03-01T09:00:00Z');

const draw = defineJob({
  type: 'test.draw',
  version: 2,
  input: z.object({ names: z.array(z.string()), failAt: z.number().default(0) }),
  upcasts: { 1: (input) => ({ names: [(input as { name: string }).name] }) },
  retry: { attempts: 2, delayMs: 0 },
  run(ctx, { names, failAt }) {
    const winner = names[Math.floor(ctx.random() * names.length)] ?? null;
    if (ctx.job.attempt === failAt) throw new RangeError(`not ${winner}`);
    ctx.emit('test.drawn', { winner, ticket: ctx.id('ticket'), at: ctx.now.toISOString() });
    return { winner, attempt: ctx.job.attempt, job: ctx.job.id };
  },
});

const insert = defineJob({
  type: 'test.insert',
  input: z.object({ words: z.array(z.string()) }),
  async run(ctx, { words }) {
    const { rows } = await ctx.db.query<{ count: number }>('select count(*) from witness');
    for (const word of words) await ctx.db.query('insert into witness values ($1)', [word]);
    return { before: rows[0]?.count };
  },
});

anyBackend('replay', (fresh) => {
  it('of an exported attempt gives the same on another database', async () => {
    const { humdrum, events } = await openEngine(await fresh(), { jobs: [draw] });
    const { id } = await humdrum.enqueue(draw, { names: ['ada', 'bob', 'eve'], failAt: 1 });
    await humdrum.start();
    await events.settled(2);
    const recordings = [await humdrum.exportAttempt(id, 1), await humdrum.exportAttempt(id)];
    const elsewhere = await createHumdrum({ jobs: [draw] });
    for (const recording of recordings) {
      const passedOn: unknown = JSON.parse(JSON.stringify(recording));
      expect(await elsewhere.replay(passedOn)).toMatchObject({ same: true, differences: [] });
    }
    const [failed, completed] = recordings;
    expect(failed?.ended).toMatchObject({ error: { class: 'RangeError' } });
    expect(completed).toMatchObject({ attempt: 2, version: 2, effects: [{ name: 'test.drawn' }] });
    const other = { ...completed, seed: 'another' };
    expect(await elsewhere.replay(other)).toMatchObject({ same: false });
    expect(await elsewhere.listJobs()).toEqual([]);
    await elsewhere.close();
  });

  it('says what is wrong with a recording', async () => {
    const { humdrum } = await openEngine(await fresh(), { jobs: [draw] });
    await expect(humdrum.exportAttempt(1)).rejects.toMatchObject({ code: 'job-not-found' });
    await expect(humdrum.replay({ format: 'other' })).rejects.toThrow(
      /Not a valid recording.*format/,
    );
    const { jobId } = await humdrum.run(draw, { names: ['ada'] });
    const recording = await humdrum.exportAttempt(jobId);
    await expect(humdrum.replay({ ...recording, version: 9 })).rejects.toThrow(
      /cannot run version 9/,
    );
    await expect(humdrum.replay({ ...recording, type: 'test.gone' })).rejects.toMatchObject({
      code: 'type-unknown',
    });
  });
});

anyBackend('a run that is held to its plan', (fresh) => {
  it('runs while the plan is the same, and refuses when it is not', async () => {
    const db = await fresh();
    await makeWitness(db);
    const { humdrum } = await openEngine(db, { jobs: [insert] });
    const input = { words: ['one', 'two'] };
    const { hash } = await humdrum.rehearse(insert, input, AT);
    const run = await humdrum.run(insert, input, { at: AT, ifPlan: hash });
    expect(run).toMatchObject({ succeeded: true, plan: { hash } });
    await expect(humdrum.run(insert, input, { at: AT, ifPlan: hash })).rejects.toMatchObject({
      code: 'plan-changed',
    });
    expect(await witnessed(db)).toEqual(['one', 'two']);
    expect(await humdrum.listJobs()).toHaveLength(1);
  });

  it('keeps nothing of a run that does something else than its rehearsal', async () => {
    const db = await fresh();
    await makeWitness(db);
    const fickle = defineJob({
      type: 'test.fickle',
      input: z.object({}),
      async run(ctx) {
        await ctx.db.query(`insert into witness values ('x')`);
        if (!ctx.rehearsal) await ctx.db.query(`insert into witness values ('y')`);
      },
    });
    const { humdrum } = await openEngine(db, { jobs: [fickle] });
    const { hash } = await humdrum.rehearse(fickle, {}, AT);
    const run = await humdrum.run(fickle, {}, { at: AT, ifPlan: hash });
    expect(run).toMatchObject({ succeeded: false });
    expect((await humdrum.showJob(run.jobId)).attemptRecords).toMatchObject([
      { status: 'failed', errorClass: 'PlanChanged' },
    ]);
    expect(await witnessed(db)).toEqual([]);
  });

  it('needs a job that has a plan', async () => {
    const steps = defineJob({
      type: 'test.steps',
      input: z.object({}),
      atomic: false,
      run: () => 1,
    });
    const { humdrum } = await openEngine(await fresh(), { jobs: [steps] });
    await expect(humdrum.run(steps, {}, { ifPlan: 'sha256:x' })).rejects.toThrow(/atomic: false/);
  });
});

anyBackend('a process that only rehearses', (fresh) => {
  it('rehearses its ticks, and leaves everything as it was', async () => {
    const db = await fresh();
    await makeWitness(db);
    const moveTo = await stopClockAt(db, '2026-03-01T10:00:59.950Z');
    const minutely = defineJob({
      type: 'test.minutely',
      input: z.object({}),
      schedule: { cron: '* * * * *' },
      async run(ctx) {
        await ctx.db.query('insert into witness values ($1)', [ctx.now.toISOString()]);
        await ctx.enqueue('test.minutely');
      },
    });
    const { humdrum, events } = await openEngine(db, { jobs: [minutely], dryRun: true });
    await humdrum.start();
    await moveTo('2026-03-01T10:01:00Z');
    await events.until((log) => log.count('rehearsed') > 0);
    expect(events.all.find(({ event }) => event === 'rehearsed')).toMatchObject({
      plan: {
        at: '2026-03-01T10:01:00.000Z',
        error: null,
        tables: expect.arrayContaining([
          { table: 'public.witness', inserted: 1, updated: 0, deleted: 0 },
        ]) as unknown,
      },
    });
    await expect(humdrum.enqueue(minutely)).rejects.toMatchObject({ code: 'dry-run' });
    await humdrum.stop();
    expect(await witnessed(db)).toEqual([]);
    for (const table of ['job', 'worker', 'tick', 'audit']) {
      expect((await db.query(`select from humdrum.${table}`)).rows).toEqual([]);
    }
  });
});
