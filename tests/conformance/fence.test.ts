import { beforeEach, expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { claimOne } from '../../src/engine/transitions/claim.ts';
import { replayStatus } from '../../src/engine/job/lifecycle.ts';
import { release } from '../../src/engine/transitions/release.ts';
import { auditFenced } from '../../src/engine/transitions/fence.ts';
import { settle } from '../../src/engine/settle/settle.ts';
import type { Humdrum } from '../../src/index.ts';
import { eachBackend } from '../support/databases.ts';
import { makeWitness, openEngine, witnessed } from '../support/engine.ts';
import {
  addWorker,
  claim,
  completed,
  expireWorker,
  failed,
  plain,
  rescueLost,
} from '../support/verbs.ts';

eachBackend('the fence', (fresh) => {
  let db: Database;
  let humdrum: Humdrum;

  beforeEach(async () => {
    db = await fresh();
    ({ humdrum } = await openEngine(db, { jobs: [plain] }));
  });

  const events = async (id: number) => (await humdrum.showJob(id)).audit.map(({ event }) => event);

  it('gives each job to one of many that claim at once', async () => {
    const ids = await humdrum.enqueueMany(repeat(100));
    const workers = await Promise.all([1, 2, 3, 4, 5].map(() => addWorker(db)));
    const claimed = (await Promise.all(workers.map((worker) => claim(db, worker, 30)))).flat();
    expect(claimed.map(({ id }) => id).toSorted((a, b) => a - b)).toEqual(ids);
  });

  it('claims nothing for a worker whose time has passed', async () => {
    await humdrum.enqueue(plain);
    const worker = await addWorker(db);
    await expireWorker(db, worker);
    expect(await claim(db, worker)).toEqual([]);
    expect(await humdrum.listJobs({ status: 'queued' })).toHaveLength(1);
  });

  it('claims one job by its id once', async () => {
    const { id } = await humdrum.enqueue(plain);
    const worker = await addWorker(db);
    expect(await claimOne(db, worker, id)).toMatchObject({ id, attempt: 1 });
    expect(await claimOne(db, worker, id)).toBeNull();
  });

  it('lets a worker whose lease has passed write nothing, and audits that', async () => {
    const { id } = await humdrum.enqueue(plain);
    const worker = await addWorker(db);
    const late = (await claim(db, worker)).map((job) => completed(job));
    await expireWorker(db, worker);
    const refused = await settle(db, late, []);
    expect(refused).toEqual(late);
    expect(await auditFenced(db, refused)).toEqual(late);
    expect((await humdrum.showJob(id)).attemptRecords).toEqual([]);
    expect(await events(id)).toEqual(['created', 'started', 'fenced']);
  });

  it('records all that ended together, of a lease that ends with them', async () => {
    const ids = await humdrum.enqueueMany(repeat(2));
    const [one, other] = await claim(db, await addWorker(db));
    if (!one || !other) throw new Error('nothing was claimed');
    expect(await settle(db, [completed(one), failed(other, true)], [one.leaseId])).toEqual([]);
    const statuses = ids.map(async (id) => (await humdrum.showJob(id)).status);
    expect(await Promise.all(statuses)).toEqual(['completed', 'failed']);
    expect((await db.query('select from humdrum.lease')).rows).toEqual([]);
  });

  it('records an attempt once, whoever comes second', async () => {
    const { id } = await humdrum.enqueue(plain);
    const worker = await addWorker(db);
    const [job] = await claim(db, worker);
    if (!job) throw new Error('nothing was claimed');
    await expireWorker(db, worker);
    expect(await rescueLost(db)).toEqual({ rescued: 1, again: 1, charged: 1 });
    const late = await settle(db, [completed(job)], []);
    expect(late).toHaveLength(1);
    expect(await auditFenced(db, late)).toEqual(late);
    const other = await addWorker(db);
    const [again] = await claim(db, other);
    expect(again).toMatchObject({ id, attempt: 2 });
    if (!again) throw new Error('nothing was claimed');
    expect(await settle(db, [completed(again)], [again.leaseId])).toEqual([]);
    const told = await events(id);
    expect(told).toEqual([
      'created',
      'started',
      'rescued',
      'failed',
      'retried',
      'fenced',
      'started',
      'completed',
    ]);
    expect(replayStatus(told)).toBe('completed');
  });

  it('takes a settlement that is sent twice for what it is', async () => {
    const { id } = await humdrum.enqueue(plain);
    const worker = await addWorker(db);
    const done = (await claim(db, worker)).map((job) => completed(job));
    const leases = done.map(({ job }) => job.leaseId);
    expect(await settle(db, done, leases)).toEqual([]);
    const refused = await settle(db, done, leases);
    expect(refused).toEqual(done);
    expect(await auditFenced(db, refused)).toEqual([]);
    expect(await events(id)).toEqual(['created', 'started', 'completed']);
  });

  it('delivers nothing of an attempt that it refuses', async () => {
    const effects = [{ kind: 'notification' as const, name: 'mail', data: {} }];
    await humdrum.enqueue(plain);
    const worker = await addWorker(db);
    const done = (await claim(db, worker)).map((job) => completed(job, { effects }));
    const settled = () => db.transaction((tx) => settle(tx, done, []));
    expect(await settled()).toEqual([]);
    expect(await settled()).toEqual(done);
    expect(await humdrum.listJobs({ type: 'notify.mail' })).toHaveLength(1);
  });

  it('undoes the writes of an atomic job that has lost its lease', async () => {
    await makeWitness(db);
    const { id } = await humdrum.enqueue(plain);
    const worker = await addWorker(db);
    const [job] = await claim(db, worker);
    if (!job) throw new Error('nothing was claimed');
    await expireWorker(db, worker);
    const written = db.transaction(async (tx) => {
      await tx.query(`insert into witness values ('should not be')`);
      if ((await settle(tx, [completed(job)], [])).length > 0) throw new Error('fenced');
    });
    await expect(written).rejects.toThrow('fenced');
    expect(await witnessed(db)).toEqual([]);
    expect((await humdrum.showJob(id)).status).toBe('running');
  });

  it('fails a job that has lost all its workers', async () => {
    const { id } = await humdrum.enqueue(plain);
    for (const expected of [
      { rescued: 1, again: 1, charged: 1 },
      { rescued: 1, again: 0, charged: 1 },
    ]) {
      const worker = await addWorker(db, 'doomed');
      await claim(db, worker);
      await expireWorker(db, worker);
      expect(await rescueLost(db)).toEqual(expected);
      expect(await rescueLost(db)).toEqual({ rescued: 0, again: 0, charged: 0 });
    }
    const shown = await humdrum.showJob(id);
    expect(shown.status).toBe('failed');
    expect(shown.attemptRecords).toMatchObject([
      { number: 1, errorClass: 'WorkerLost', worker: 'doomed' },
      { number: 2, errorClass: 'WorkerLost', worker: 'doomed' },
    ]);
    expect(replayStatus(await events(id))).toBe('failed');
  });

  it('rescues of a batch only what was not settled', async () => {
    const ids = await humdrum.enqueueMany(repeat(4));
    const worker = await addWorker(db);
    const jobs = await claim(db, worker);
    const [first, second] = jobs;
    if (!first || !second) throw new Error('too little was claimed');
    await settle(db, [completed(first), failed(second, true)], []);
    await expireWorker(db, worker);
    expect(await rescueLost(db)).toEqual({ rescued: 2, again: 2, charged: 0 });
    const statuses = await Promise.all(ids.map(async (id) => (await humdrum.showJob(id)).status));
    expect(statuses).toEqual(['completed', 'failed', 'queued', 'queued']);
  });

  it('gives back of a batch only what has not begun, at no cost of an attempt', async () => {
    const ids = await humdrum.enqueueMany(repeat(4));
    const worker = await addWorker(db);
    const [first, second] = await claim(db, worker);
    if (!first || !second) throw new Error('too little was claimed');
    await settle(db, [completed(first)], []);
    expect(await release(db, worker, [second.id])).toBe(2);
    expect(await settle(db, [completed(second)], [second.leaseId])).toEqual([]);
    const shown = await Promise.all(ids.map((id) => humdrum.showJob(id)));
    expect(shown.map(({ status, attempts }) => `${status} ${attempts}`)).toEqual([
      'completed 1',
      'completed 1',
      'queued 0',
      'queued 0',
    ]);
    expect(shown.map(({ audit }) => replayStatus(audit.map(({ event }) => event)))).toEqual(
      shown.map(({ status }) => status),
    );
    expect((await claim(db, worker)).map(({ attempt }) => attempt)).toEqual([1, 1]);
  });
});

function repeat(times: number) {
  return Array.from({ length: times }, () => ({ type: plain }));
}
