import { Client } from 'pg';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openPostgres } from '../../src/database/postgres.ts';
import { defineJob } from '../../src/index.ts';
import { eachBackend, freshUrl } from '../support/databases.ts';
import { job, openEngine } from '../support/engine.ts';

const greet = defineJob({
  type: 'test.greet',
  input: z.object({ name: z.string() }),
  run: (_ctx, { name }) => ({ hello: name }),
});
const anything = job('test.anything', () => null);

eachBackend('enqueue', (fresh) => {
  it('persists a job before it runs', async () => {
    const { humdrum } = await openEngine(await fresh(), { jobs: [greet] });
    const { id } = await humdrum.enqueue(greet, { name: 'Ada' });
    const shown = await humdrum.showJob(id);
    expect(shown).toMatchObject({
      type: 'test.greet',
      status: 'queued',
      input: { name: 'Ada' },
      attempts: 0,
      actions: ['cancel'],
    });
    expect(shown.audit.map(({ event }) => event)).toEqual(['created']);
  });

  it('keeps many in order, over more than one statement', async () => {
    const { humdrum } = await openEngine(await fresh(), { jobs: [anything] });
    const requests = Array.from({ length: 5_001 }, (_, at) => ({ type: anything, input: { at } }));
    const ids = await humdrum.enqueueMany(requests);
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    const last = await humdrum.showJob(ids[5_000] ?? 0);
    expect(last.input).toEqual({ at: 5_000 });
    const { rows } = await humdrum.database.query('select count(*) from humdrum.ready');
    expect(rows).toEqual([{ count: 5_001 }]);
  });

  it('puts what is due later aside', async () => {
    const db = await fresh();
    const { humdrum } = await openEngine(db, { jobs: [greet] });
    await humdrum.enqueue(greet, { name: 'Ada' }, { runAt: new Date('2999-01-01') });
    expect((await db.query('select job_id from humdrum.later')).rows).toHaveLength(1);
    expect((await db.query('select job_id from humdrum.ready')).rows).toHaveLength(0);
    expect((await humdrum.listJobs({ status: 'queued' })).map(({ runAt }) => runAt)).toEqual([
      new Date('2999-01-01'),
    ]);
  });

  it('belongs to the transaction that it is called in', async () => {
    const db = await fresh();
    const { humdrum } = await openEngine(db, { jobs: [greet] });
    const undone = db.transaction(async () => {
      await humdrum.enqueue(greet, { name: 'Ada' });
      throw new Error('changed my mind');
    });
    await expect(undone).rejects.toThrow('changed my mind');
    expect(await humdrum.listJobs()).toEqual([]);
    await db.transaction(() => humdrum.enqueue(greet, { name: 'Ada' }));
    expect(await humdrum.listJobs()).toHaveLength(1);
  });

  it('refuses all where one is wrong', async () => {
    const { humdrum } = await openEngine(await fresh(), { jobs: [greet] });
    const requests = [
      { type: greet, input: { name: 'Ada' } },
      { type: 'test.greet', input: { name: 7 } },
    ];
    await expect(humdrum.enqueueMany(requests)).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringMatching(/test\.greet.*name: .*string/) as string,
    });
    expect(await humdrum.listJobs()).toEqual([]);
  });

  it('names the nearest type for one that it does not know', async () => {
    const { humdrum } = await openEngine(await fresh(), { jobs: [greet, anything] });
    await expect(humdrum.enqueue('test.gret', {})).rejects.toMatchObject({
      code: 'type-unknown',
      message: 'There is no job type "test.gret". Did you mean "test.greet"?',
    });
  });

  it('refuses what JSON has no form for, and what is too large', async () => {
    const { humdrum } = await openEngine(await fresh(), { jobs: [anything] });
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    await expect(humdrum.enqueue(anything, circle)).rejects.toMatchObject({
      code: 'not-serializable',
    });
    await expect(humdrum.enqueue(anything, { big: 1n })).rejects.toMatchObject({
      code: 'not-serializable',
    });
    await expect(humdrum.enqueue(anything, { text: 'x'.repeat(1_100_000) })).rejects.toMatchObject({
      code: 'input-invalid',
    });
  });

  it('keeps hostile text as it is', async () => {
    const { humdrum } = await openEngine(await fresh(), { jobs: [anything] });
    const input = {
      nul: 'a\u0000b',
      half: '\ud800',
      html: '<script>',
      ['__proto__x']: "'; drop table",
    };
    const { id } = await humdrum.enqueue(anything, input);
    expect((await humdrum.showJob(id)).input).toEqual(input);
    const report = await humdrum.run(anything, input);
    expect((await humdrum.showJob(report.jobId)).status).toBe('completed');
  });
});

describe('enqueueWithin', () => {
  it('joins a transaction of a client that the caller holds', async () => {
    const url = await freshUrl();
    const db = await openPostgres(url);
    const { humdrum } = await openEngine(db, { jobs: [greet] });
    const client = new Client(url);
    await client.connect();
    try {
      await client.query('begin');
      await humdrum.enqueueWithin(client, [{ type: greet, input: { name: 'Ada' } }]);
      expect(await humdrum.listJobs()).toEqual([]);
      await client.query('rollback');
      expect(await humdrum.listJobs()).toEqual([]);
      await client.query('begin');
      const ids = await humdrum.enqueueWithin(client, [{ type: greet, input: { name: 'Ada' } }]);
      await client.query('commit');
      expect((await humdrum.listJobs()).map(({ id }) => id)).toEqual(ids);
    } finally {
      await client.end();
      await humdrum.stop();
      await db.close();
    }
  });
});
