import { expect, it } from 'vitest';
import { z } from 'zod';
import { actOnBulk, previewBulk } from '../../src/http/contract/bulk.ts';
import { exportAttempt, listChildren, listJobs } from '../../src/http/contract/jobs.ts';
import { listQueues, listWorkers } from '../../src/http/contract/queues.ts';
import {
  backfillSchedule,
  listSchedules,
  pastTicks,
  upcomingTicks,
} from '../../src/http/contract/schedules.ts';
import { showSystem } from '../../src/http/contract/system.ts';
import { listTypes, rehearseType } from '../../src/http/contract/types.ts';
import { Signer } from '../../src/http/signer.ts';
import { defineJob } from '../../src/index.ts';
import { jsonBody, openApi } from '../support/api.ts';
import { anyBackend } from '../support/databases.ts';
import { job, makeWitness, stopClockAt, witnessed } from '../support/engine.ts';

const broken = (error: Error) => () => {
  throw error;
};
const once = { retry: { attempts: 1 } };
const JOBS = [
  job('test.type', broken(new TypeError('no such <i>field</i>')), once),
  job('test.range', broken(new RangeError('Too FAR away')), { ...once, queue: 'slow' }),
  job('test.hourly', () => null, { schedule: { cron: '0 * * * *' } }),
  job('test.writes', async (ctx) => {
    await ctx.db.query(`insert into witness values ('here')`);
    return { wrote: 1 };
  }),
  defineJob({
    type: 'test.typed',
    description: 'Has a schema.',
    input: z.object({ cents: z.int().positive() }),
    run: () => null,
  }),
];
const KEY = 'a key that both processes have';

anyBackend('acting over HTTP', (fresh, backend) => {
  const open = async (clock?: string) => {
    const db = await fresh();
    if (clock !== undefined) await stopClockAt(db, clock);
    const api = await openApi(
      db,
      { jobs: JOBS, queues: { slow: { concurrency: 3 } } },
      { signingKey: KEY },
    );
    await api.humdrum.register();
    return { ...api, db };
  };

  it('on many: what a preview told of, with its token and a reason', async () => {
    const { client, humdrum, send } = await open();
    const ids = await humdrum.enqueueMany([
      { type: 'test.type' },
      { type: 'test.range' },
      { type: 'test.type' },
    ]);
    await humdrum.drain();
    const all = await client.call(previewBulk, {
      body: { action: 'retry', filter: { type: ['test.type', 'test.range'] } },
    });
    expect(all).toMatchObject({
      action: 'retry',
      query: { status: ['failed'], type: ['test.type', 'test.range'] },
      count: 3,
      more: false,
      byType: [
        { type: 'test.type', count: 2 },
        { type: 'test.range', count: 1 },
      ],
      byErrorClass: [
        { errorClass: 'TypeError', count: 2 },
        { errorClass: 'RangeError', count: 1 },
      ],
    });
    expect(all.samples.map(({ id }) => id)).toEqual(ids.toReversed());

    const filter = { type: ['test.type', 'test.range'], error: 'too far' };
    const { token, count } = await client.call(previewBulk, { body: { action: 'retry', filter } });
    expect(count).toBe(1);
    const act = { token, reason: 'the map is mended' };
    expect(await client.call(actOnBulk, { body: act })).toEqual({
      action: 'retry',
      done: 1,
      of: 1,
      next: null,
    });
    // It is queued now: the same again finds nothing that failed.
    expect(await client.call(actOnBulk, { body: act })).toMatchObject({ done: 0, of: 1 });
    const { audit } = await humdrum.showJob(ids[1] ?? 0);
    expect(audit.at(-1)).toMatchObject({ event: 'retried', actor: 'http', reason: act.reason });

    const cancel = await client.call(previewBulk, {
      body: { action: 'cancel', filter: { ids, queue: ['slow', 'default'] } },
    });
    expect(cancel.count).toBe(3);
    await humdrum.enqueue('test.type');
    const done = await client.call(actOnBulk, { body: { token: cancel.token, reason: 'enough' } });
    expect(done).toEqual({ action: 'cancel', done: 3, of: 3, next: null });
    expect(await humdrum.listJobs({ status: 'cancelled' })).toHaveLength(3);

    for (const [body, status, message] of [
      [{ token }, 400, 'reason is missing: it must be text'],
      [{ token, reason: ' ' }, 400, 'reason must not be empty'],
      [{ token: `${token}x`, reason: 'x' }, 400, 'not from a preview'],
      [{ token: changed(token), reason: 'x' }, 400, 'not from a preview'],
      [{ token: 'x', reason: 'x' }, 400, 'not from a preview'],
      [{ token: expired(), reason: 'x' }, 409, 'older than ten minutes'],
      [{ token: ofOldVersion(), reason: 'x' }, 409, 'made by another version'],
    ] as const) {
      const answer = await send('/jobs/bulk/act', jsonBody(body));
      expect(answer.status, message).toBe(status);
      expect(answer.body.error?.message).toContain(message);
    }
  });

  it('acts on no more than the preview counted', async () => {
    const { client, humdrum } = await open();
    const ids = await humdrum.enqueueMany([{ type: 'test.type' }, { type: 'test.type' }]);
    const { token } = await client.call(previewBulk, {
      body: { action: 'cancel', filter: { type: ['test.type'] } },
    });
    await humdrum.enqueueMany([{ type: 'test.type' }, { type: 'test.type' }]);
    const done = await client.call(actOnBulk, { body: { token, reason: 'enough' } });
    expect(done).toEqual({ action: 'cancel', done: 2, of: 2, next: null });
    const cancelled = await humdrum.listJobs({ status: 'cancelled', order: 'oldest' });
    expect(cancelled.map(({ id }) => id)).toEqual(ids);
  });

  it('rehearses a type, and lists what types there are', async () => {
    const { client, db, send } = await open();
    await makeWitness(db);
    const at = new Date('2030-01-01T00:00:00Z');
    const plan = await client.call(rehearseType, { params: { type: 'test.writes' }, body: { at } });
    expect(plan).toMatchObject({
      type: 'test.writes',
      at: at.toISOString(),
      tables: [{ table: 'public.witness', inserted: 1, updated: 0, deleted: 0 }],
      result: { wrote: 1 },
      error: null,
    });
    expect(plan.hash).toMatch(/^sha256:/);
    expect(await witnessed(db)).toEqual([]);
    const failing = await client.call(rehearseType, { params: { type: 'test.type' } });
    expect(failing.error).toEqual({ class: 'TypeError', message: 'no such <i>field</i>' });
    const refused = await send('/types/test.typed/rehearse', jsonBody({ input: { cents: -1 } }));
    expect(refused.status).toBe(422);
    expect(refused.body.error?.message).toContain('cents');

    const { types } = await client.call(listTypes);
    const typed = types.find(({ type }) => type === 'test.typed');
    expect(typed).toMatchObject({
      description: 'Has a schema.',
      isEngines: false,
      queue: 'default',
      retry: { attempts: 5, backoff: 'exponential' },
      schedule: null,
      inputSchema: { type: 'object', required: ['cents'] },
    });
    const hourly = types.find(({ type }) => type === 'test.hourly');
    expect(hourly?.schedule).toMatchObject({ words: 'Every hour', timeZone: 'UTC' });
    expect(types.some(({ isEngines }) => isEngines)).toBe(true);
  });

  it('tells of queues and workers', async () => {
    const { client, humdrum } = await open('2026-03-01T10:00:00Z');
    await humdrum.enqueueMany([
      { type: 'test.range' },
      { type: 'test.range', delayMs: 60_000 },
      { type: 'test.type' },
    ]);
    await humdrum.drain({ maxAttempts: 1 });
    const { queues } = await client.call(listQueues);
    const named = Object.fromEntries(queues.map((queue) => [queue.queue, queue]));
    const total = [named['slow'], named['default']].map((queue) => ({
      waiting: (queue?.ready ?? 0) + (queue?.failed ?? 0),
      later: queue?.later,
    }));
    expect(total).toEqual([
      { waiting: 1, later: 1 },
      { waiting: 1, later: 0 },
    ]);
    expect(named['slow']).toMatchObject({ limit: { concurrency: 3 }, capped: false, workers: 0 });
    const waiting = queues.filter(({ ready }) => ready > 0);
    expect(waiting.map(({ waitingSince }) => waitingSince)).toEqual([
      new Date('2026-03-01T10:00:00Z'),
    ]);
    const { workers } = await client.call(listWorkers);
    expect(workers).toMatchObject([{ state: 'ended', runningCount: 0, running: [] }]);
  });

  it('tells of schedules, makes and rehearses what was missed', async () => {
    const { client, send } = await open('2026-03-01T10:30:00Z');
    const hour = (text: string): Date => new Date(`2026-03-01T${text}:00:00Z`);
    const params = { type: 'test.hourly' };
    const { schedules } = await client.call(listSchedules);
    expect(schedules).toContainEqual({
      schedule: 'test.hourly',
      cron: '0 * * * *',
      words: 'Every hour',
      timeZone: 'UTC',
      nextAt: hour('11'),
    });
    expect(await client.call(upcomingTicks, { params, query: { count: 2 } })).toEqual({
      ticks: [hour('11'), hour('12')],
    });
    const range = { from: hour('07'), to: hour('09') };
    const dry = await client.call(backfillSchedule, {
      params,
      body: { ...range, dryRun: true, rehearsals: 1 },
    });
    expect(dry).toMatchObject({ ticks: [hour('07'), hour('08'), hour('09')], jobs: [] });
    expect(dry.plans).toHaveLength(1);
    const real = await client.call(backfillSchedule, {
      params,
      body: { ...range, reason: 'it was down' },
    });
    expect(real.jobs).toHaveLength(3);
    const first = await client.call(pastTicks, { params, query: { limit: 2 } });
    expect(first).toEqual({
      ticks: [
        { at: hour('09'), jobId: real.jobs[2], status: 'queued' },
        { at: hour('08'), jobId: real.jobs[1], status: 'queued' },
      ],
      next: hour('08'),
    });
    const rest = await client.call(pastTicks, { params, query: { before: hour('08') } });
    expect(rest).toEqual({
      ticks: [{ at: hour('07'), jobId: real.jobs[0], status: 'queued' }],
      next: null,
    });
    for (const [path, init, status] of [
      ['/schedules/test.type/upcoming', {}, 422],
      ['/schedules/test.hourli/ticks', {}, 404],
      ['/schedules/test.hourly/backfill', jsonBody({ from: '2026-03-01' }), 400],
      [
        '/schedules/test.hourly/backfill',
        jsonBody({ from: '2026-03-01T00:00:00Z', to: '2030-03-01T00:00:00Z' }),
        422,
      ],
    ] as const) {
      expect((await send(path, init)).status, path).toBe(status);
    }
  });

  it('shows children, recordings, jobs by the text of their error, and the system', async () => {
    const { client, humdrum } = await open();
    const { id } = await humdrum.enqueue(
      'test.writes',
      {},
      {
        children: { jobs: [{ type: 'test.type' }, { type: 'test.range' }], onFailure: 'continue' },
      },
    );
    const page = await client.call(listChildren, { params: { id }, query: { limit: 1 } });
    expect(page.jobs).toMatchObject([{ type: 'test.type' }]);
    const next = await client.call(listChildren, {
      params: { id },
      query: { after: page.next ?? 0 },
    });
    expect(next).toMatchObject({ jobs: [{ type: 'test.range' }], next: null });
    const child = next.jobs[0]?.id ?? 0;
    expect((await humdrum.showJob(child)).parentId).toBe(id);
    await humdrum.drain({ maxAttempts: 2 });
    const found = await client.call(listJobs, { query: { error: 'FAR' } });
    expect(found.jobs.map((one) => one.id)).toEqual([child]);
    const recording = await client.call(exportAttempt, { params: { id: child, number: 1 } });
    expect(recording).toMatchObject({
      format: 'humdrum-recording/1',
      type: 'test.range',
      ended: { error: { class: 'RangeError', message: 'Too FAR away' } },
    });
    const system = await client.call(showSystem);
    expect(system).toMatchObject({ backend, dryRun: false, node: process.version });
    expect(system.database.tables.map(({ name }) => name)).toContain('humdrum.audit');
    expect(system.migrations[0]).toMatchObject({ set: 'engine', name: '0001_engine.sql' });
  });
});

/** The same with another count, and the old signature. */
function changed(token: string): string {
  const [payload = '', signature = ''] = token.split('.');
  const text = Buffer.from(payload, 'base64url').toString().replace('"count":1', '"count":9');
  return `${Buffer.from(text).toString('base64url')}.${signature}`;
}

/** Such a token says less of what was previewed. */
function ofOldVersion(): string {
  const said = { action: 'cancel', query: { status: ['queued'] }, count: 9, from: 0, afterId: 0 };
  return new Signer(KEY).sign('bulk', said, new Date(Date.now() + 60_000));
}

function expired(): string {
  const said = { action: 'retry', filter: {}, count: 1 };
  return new Signer(KEY).sign('bulk', said, new Date(Date.now() - 1));
}
