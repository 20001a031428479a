import { beforeEach, expect, it, onTestFinished, vi } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { eachBackend } from '../support/databases.ts';
import { dump } from '../support/dump.ts';
import { job, makeWitness, openEngine, witnessed } from '../support/engine.ts';

eachBackend('a rehearsal', (fresh) => {
  let db: Database;

  beforeEach(async () => {
    db = await fresh();
    await makeWitness(db);
    await db.query(`insert into witness values ('old'), ('older')`);
  });

  const busy = job('test.busy', async (ctx) => {
    await ctx.db.query(`insert into witness values ($1)`, [ctx.id('new')]);
    await ctx.db.query(`update witness set word = 'OLD' where word = 'old'`);
    await ctx.db.query(`delete from witness where word = 'older'`);
    const report = await ctx.forEach(['fine', 'bad'], async (word, tx) => {
      await tx.query('insert into witness values ($1), ($1)', [word]);
      if (word === 'bad') throw new Error('undone');
    });
    ctx.emit('counted', { succeeded: report.succeeded });
    return { random: ctx.random(), rehearsal: 'not told' };
  });
  const at = new Date('2026-01-01T00:00:00Z');

  it('tells what the run then does, with the same hash, and leaves not a byte', async () => {
    const { humdrum } = await openEngine(db, { jobs: [busy] });
    const before = await dump(db);
    const plan = await humdrum.rehearse(busy, {}, at);
    expect(await dump(db)).toBe(before);
    expect(plan.tables).toEqual([{ table: 'public.witness', inserted: 3, updated: 1, deleted: 1 }]);
    expect(plan.effects).toEqual([{ kind: 'event', name: 'counted', data: { succeeded: 1 } }]);
    const report = await humdrum.run(busy, {}, { at });
    expect(report.plan?.hash).toBe(plan.hash);
    expect({ ...report.plan, durationMs: 0 }).toEqual({ ...plan, durationMs: 0 });
    expect(await dump(db)).not.toBe(before);
  });

  it('has another hash where it would do something else', async () => {
    const { humdrum } = await openEngine(db, { jobs: [busy] });
    const first = await humdrum.rehearse(busy, {}, at);
    await db.query(`insert into witness values ('old')`);
    expect((await humdrum.rehearse(busy, {}, at)).hash).not.toBe(first.hash);
  });

  it('tells of a failure, and of a handler that is not atomic', async () => {
    const failing = job('test.failing', async (ctx) => {
      await ctx.db.query(`insert into witness values ('gone')`);
      throw new Error(`no luck, rehearsal: ${ctx.rehearsal}`);
    });
    const steps = job(
      'test.steps',
      async (ctx) => void (await ctx.db.query('delete from witness')),
      { atomic: false },
    );
    const { humdrum } = await openEngine(db, { jobs: [failing, steps] });
    expect(await humdrum.rehearse(failing)).toMatchObject({
      tables: [],
      error: { class: 'Error', message: 'no luck, rehearsal: true' },
    });
    expect((await humdrum.rehearse(steps)).tables).toEqual([
      { table: 'public.witness', inserted: 0, updated: 0, deleted: 2 },
    ]);
    expect(await witnessed(db)).toEqual(['old', 'older']);
    expect(await humdrum.listJobs()).toEqual([]);
  });

  it('is all that a process does that only rehearses', async () => {
    const failing = job(
      'test.failing',
      () => {
        throw new Error('no luck');
      },
      { retry: { attempts: 1 } },
    );
    const cancelling = job('test.cancelling', async (ctx, { id }) => {
      await engine.cancel(Number(id));
      await ctx.enqueue(busy, {});
      return (await engine.showJob(Number(id))).status;
    });
    const jobs = [busy, failing, cancelling];
    const { humdrum: other } = await openEngine(db, { jobs });
    const { jobId: id } = await other.run(failing);
    vi.stubEnv('JOB_DRY_RUN', 'true');
    onTestFinished(() => void vi.unstubAllEnvs());
    const limits = { api: { concurrency: 1 } };
    const { humdrum: engine } = await openEngine(db, { jobs, limits, dryRun: false });
    expect(engine.dryRun).toBe(true);
    const before = await dump(db);
    await engine.register();
    const by = { reason: 'try' };
    for (const refused of [
      engine.enqueue(busy, {}),
      engine.run(busy),
      engine.drain(),
      engine.retry(id, by),
      engine.cancel(id, by),
      engine.retryAll({ status: 'failed' }, by),
      engine.cancelAll({ status: 'failed' }, by),
      engine.backfill(busy, { from: at, to: at }),
    ]) {
      await expect(refused).rejects.toMatchObject({ code: 'dry-run' });
    }
    expect(await dump(db)).toBe(before);
    // What a rehearsed handler asks of the engine is undone with it.
    expect(await engine.rehearse(cancelling, { id })).toMatchObject({
      error: null,
      result: 'cancelled',
    });
    expect(await engine.listJobs()).toMatchObject([{ id, status: 'failed' }]);
  });
});
