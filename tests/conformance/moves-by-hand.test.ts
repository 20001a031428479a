import { expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import type { Humdrum } from '../../src/index.ts';
import { eachBackend } from '../support/databases.ts';
import { job, openEngine } from '../support/engine.ts';

const by = { actor: 'test', reason: 'a test' };
const works = job('test.works', () => null);
const fails = job(
  'test.fails',
  () => {
    throw new Error('no luck');
  },
  { retry: { attempts: 1 } },
);
const limited = job('test.limited', () => null);

async function someJobs(db: Database): Promise<{ humdrum: Humdrum; ids: Record<string, number> }> {
  const { humdrum } = await openEngine(db, {
    jobs: [works, fails, limited],
    limits: { none: { concurrency: 0 } },
  });
  const { id: completed } = await humdrum.enqueue(works);
  const { id: failed } = await humdrum.enqueue(fails);
  const { id: parked } = await humdrum.enqueue(limited, {}, { limits: ['none'] });
  await humdrum.drain();
  const { id: ready } = await humdrum.enqueue(works);
  const { id: later } = await humdrum.enqueue(works, {}, { delayMs: 3_600_000 });
  const { id: cancelled } = await humdrum.enqueue(works);
  await humdrum.cancel(cancelled, by);
  return { humdrum, ids: { completed, failed, parked, ready, later, cancelled } };
}

eachBackend('SQL by hand', (fresh) => {
  it('cannot cancel a job that has ended, nor cancel by halves', async () => {
    const db = await fresh();
    const { humdrum, ids } = await someJobs(db);
    const insert = (id: number | undefined) =>
      db.query('insert into humdrum.cancellation values ($1, now())', [id]);
    await expect(insert(ids['completed'])).rejects.toThrow(/neither queued nor failed/);
    await expect(insert(999_999)).rejects.toThrow(/neither queued nor failed/);
    await expect(insert(ids['cancelled'])).rejects.toThrow(/neither queued nor failed/);
    await expect(
      db.query('insert into humdrum.cancellation_0 values ($1, now())', [ids['completed']]),
    ).rejects.toThrow(/neither queued nor failed/);
    for (const status of ['failed', 'parked', 'ready', 'later']) {
      await expect(insert(ids[status]), status).rejects.toThrow(/still queued or failed/);
    }
    expect((await humdrum.showJob(ids['completed'] ?? 0)).status).toBe('completed');
  });

  it('cannot make a failed job disappear', async () => {
    const db = await fresh();
    const { humdrum, ids } = await someJobs(db);
    for (const sql of [
      'delete from humdrum.failed',
      'update humdrum.failed set job_id = 999999',
      'truncate humdrum.failed',
    ]) {
      await expect(db.query(sql), sql).rejects.toThrow(/humdrum.failed is refused/);
    }
    expect((await humdrum.showJob(ids['failed'] ?? 0)).status).toBe('failed');
  });

  it('leaves the moves of the engine alone', async () => {
    const db = await fresh();
    const { humdrum, ids } = await someJobs(db);
    const statusOf = async (name: string) => (await humdrum.showJob(ids[name] ?? 0)).status;
    await humdrum.retry(ids['failed'] ?? 0, by);
    expect(await statusOf('failed')).toBe('queued');
    await humdrum.drain();
    expect(await statusOf('failed')).toBe('failed');
    for (const name of ['failed', 'parked', 'later']) {
      await humdrum.cancel(ids[name] ?? 0, by);
      expect(await statusOf(name)).toBe('cancelled');
    }
    const { id } = await humdrum.enqueue(works);
    await humdrum.cancel(id, by);
    expect((await humdrum.showJob(id)).status).toBe('cancelled');
  });
});
