import { beforeEach, expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { replayStatus } from '../../src/engine/job/lifecycle.ts';
import { settle } from '../../src/engine/settle/settle.ts';
import type { Humdrum } from '../../src/index.ts';
import { eachBackend } from '../support/databases.ts';
import { openEngine } from '../support/engine.ts';
import { addWorker, claim, completed, failed, plain } from '../support/verbs.ts';

const by = { actor: 'ada', reason: 'asked for it' };

eachBackend('operators', (fresh) => {
  let db: Database;
  let humdrum: Humdrum;

  beforeEach(async () => {
    db = await fresh();
    ({ humdrum } = await openEngine(db, { jobs: [plain] }));
  });

  /** A job of each kind. */
  async function jobs() {
    const three = Array.from({ length: 3 }, () => ({ type: plain }));
    const [done = 0, lost = 0, running = 0] = await humdrum.enqueueMany(three);
    const claimed = await claim(db, await addWorker(db));
    const ended = claimed.flatMap((job) => {
      if (job.id === done) return [completed(job)];
      return job.id === lost ? [failed(job, true)] : [];
    });
    await settle(db, ended, []);
    const { id: queued } = await humdrum.enqueue(plain);
    const { id: later } = await humdrum.enqueue(plain, {}, { runAt: new Date('2999-01-01') });
    return { done, lost, running, queued, later };
  }

  /** What the job's audit tells, which must be what it is. */
  async function story(id: number) {
    const { status, audit } = await humdrum.showJob(id);
    expect(replayStatus(audit.map(({ event }) => event))).toBe(status);
    return { status, last: audit.at(-1) };
  }

  it('cancel what is queued, now or for later, and what has failed', async () => {
    const { lost, queued, later } = await jobs();
    for (const id of [lost, queued, later]) {
      await humdrum.cancel(id, by);
      const last = { event: 'cancelled', ...by };
      expect(await story(id)).toMatchObject({ status: 'cancelled', last });
      await expect(humdrum.cancel(id, by)).rejects.toMatchObject({
        code: 'action-refused',
        message: `Job ${id} is already cancelled.`,
      });
    }
    expect(await claim(db, await addWorker(db))).toEqual([]);
  });

  it('retry what has failed, as a new attempt beside the old one', async () => {
    const { lost } = await jobs();
    await humdrum.retry(lost, by);
    const last = { event: 'retried', attempt: 2, ...by };
    expect(await story(lost)).toMatchObject({ status: 'queued', last });
    const again = (await claim(db, await addWorker(db))).filter(({ id }) => id === lost);
    expect(again).toMatchObject([{ attempt: 2 }]);
    const ended = again.map((job) => completed(job));
    await settle(db, ended, []);
    const { attemptRecords } = await humdrum.showJob(lost);
    expect(attemptRecords.map(({ status }) => status)).toEqual(['failed', 'completed']);
    expect((await story(lost)).status).toBe('completed');
  });

  it('can do nothing else', async () => {
    const { done, running, queued } = await jobs();
    for (const [id, action, status] of [
      [done, 'retry', 'completed'],
      [done, 'cancel', 'completed'],
      [running, 'retry', 'running'],
      [running, 'cancel', 'running'],
      [queued, 'retry', 'queued'],
    ] as const) {
      await expect(humdrum[action](id, by)).rejects.toMatchObject({ code: 'action-refused' });
      expect((await story(id)).status).toBe(status);
    }
    await expect(humdrum.retry(999)).rejects.toMatchObject({ code: 'job-not-found' });
  });

  it('and a claim at the same moment do not both get the job', async () => {
    const { id } = await humdrum.enqueue(plain);
    const worker = await addWorker(db);
    const cancelling = humdrum.cancel(id, by).then(
      () => true,
      () => false,
    );
    const claimed = await claim(db, worker);
    const cancelled = await cancelling;
    expect(claimed.length === 1).toBe(!cancelled);
    expect((await story(id)).status).toBe(cancelled ? 'cancelled' : 'running');
  });
});
