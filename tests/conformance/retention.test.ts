import { beforeEach, expect, it } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { dropHistory, extendHistory, previewRetention } from '../../src/engine/upkeep/retention.ts';
import { settle } from '../../src/engine/settle/settle.ts';
import type { Humdrum } from '../../src/index.ts';
import { anyBackend } from '../support/databases.ts';
import { openEngine, stopClockAt } from '../support/engine.ts';
import { addWorker, claim, completed, failed, plain } from '../support/verbs.ts';

const DAY_MS = 86_400_000;
const keep = { keepMs: 30 * DAY_MS, actor: 'job:1' };

anyBackend('retention', (fresh) => {
  let db: Database;
  let humdrum: Humdrum;
  let moveTo: (at: string) => Promise<void>;
  let worker: number;

  beforeEach(async () => {
    db = await fresh();
    moveTo = await stopClockAt(db, '2026-03-01T10:00:00Z');
    ({ humdrum } = await openEngine(db, { jobs: [plain] }));
    worker = await addWorker(db);
  });

  const runOne = async (fails = false): Promise<number> => {
    const { id } = await humdrum.enqueue(plain);
    const [job] = await claim(db, worker);
    if (job) await settle(db, [fails ? failed(job, true) : completed(job)], [job.leaseId]);
    return id;
  };
  const parts = async (): Promise<string[]> => {
    const { rows } = await db.query<{ name: string }>(
      `select relname as name from pg_class where relname ~ '^(job|attempt|delivery)_[0-9]+$' and relkind = 'r' order by 1`,
    );
    return rows.map(({ name }) => name);
  };

  it('drops what has ended long ago, part by part, and keeps the audit', async () => {
    const old = await runOne();
    expect(await dropHistory(db, keep)).toEqual({ cancelled: 0, dropped: 0, inUse: 0 });
    await moveTo('2026-03-05T10:00:00Z');
    await dropHistory(db, keep); // A part holds a tenth of the time: the next one begins.
    const young = await runOne();
    expect(young).toBe(10_000_000);
    await moveTo('2026-04-02T10:00:00Z');
    expect(await dropHistory(db, keep)).toEqual({ cancelled: 0, dropped: 1, inUse: 0 });
    await expect(humdrum.showJob(old)).rejects.toMatchObject({ code: 'job-not-found' });
    expect((await humdrum.showJob(young)).status).toBe('completed');
    expect(await parts()).toEqual(
      ['attempt', 'delivery', 'job'].flatMap((table) => [`${table}_1`, `${table}_2`, `${table}_3`]),
    );
    const { rows } = await db.query(
      `select event, reason from humdrum.audit where job_id = $1 or event = 'dropped' order by id`,
      [old],
    );
    expect(rows).toMatchObject([
      { event: 'created' },
      { event: 'started' },
      { event: 'completed' },
      {
        event: 'dropped',
        reason: expect.stringMatching(/jobs 1 to 1, created from 2026-03-01/) as string,
      },
    ]);
  });

  it('keeps a part that an open job needs, and drops the parts after it', async () => {
    const kept = await humdrum.enqueue(plain, {}, { runAt: new Date('2027-01-01') });
    const old = await runOne();
    await moveTo('2026-03-05T10:00:00Z');
    await dropHistory(db, keep);
    const later = await runOne();
    await moveTo('2026-03-10T10:00:00Z');
    await dropHistory(db, keep);
    const young = await runOne();
    expect([later, young]).toEqual([10_000_000, 20_000_000]);
    await moveTo('2026-04-09T09:00:00Z');
    expect(await dropHistory(db, keep)).toEqual({ cancelled: 0, dropped: 1, inUse: 0 });
    await expect(humdrum.showJob(later)).rejects.toMatchObject({ code: 'job-not-found' });
    for (const id of [kept.id, old, young]) expect(await humdrum.showJob(id)).toMatchObject({ id });
  });

  it('tells in a rehearsal what it would drop and cancel, and does neither', async () => {
    ({ humdrum } = await openEngine(db, { jobs: [plain], history: { keepDays: 30 } }));
    worker = await addWorker(db);
    const old = await runOne();
    await moveTo('2026-03-05T10:00:00Z');
    await dropHistory(db, keep);
    const lost = await runOne(true);
    await moveTo('2026-04-30T10:00:00Z');
    const before = await previewRetention(db, keep.keepMs);
    expect(before).toEqual({ cancelled: 1, dropped: 1, inUse: 0 });
    const { result } = await humdrum.rehearse('humdrum.drop-history');
    expect(result).toEqual({
      ...before,
      message: 'Parts of the history dropped: 1. Failed jobs cancelled: 1.',
    });
    expect((await humdrum.showJob(lost)).status).toBe('failed');
    expect((await humdrum.showJob(old)).status).toBe('completed');
    expect(await dropHistory(db, keep)).toEqual(before);
  });

  it('drops nothing of which a job is still open', async () => {
    const { id } = await humdrum.enqueue(plain, {}, { runAt: new Date('2027-01-01') });
    await runOne();
    await moveTo('2026-03-05T10:00:00Z');
    await dropHistory(db, keep);
    await moveTo('2026-12-01T10:00:00Z');
    expect(await dropHistory(db, keep)).toMatchObject({ dropped: 0 });
    await humdrum.cancel(id);
    await moveTo('2027-01-02T10:00:00Z');
    expect(await dropHistory(db, keep)).toMatchObject({ dropped: 1 });
  });

  it('takes a failed job for ended when nobody has attended to it for so long', async () => {
    const id = await runOne(true);
    await moveTo('2026-03-31T10:00:00Z');
    expect(await dropHistory(db, keep)).toMatchObject({ cancelled: 0 });
    await moveTo('2026-03-31T10:00:01Z');
    expect(await dropHistory(db, keep)).toMatchObject({ cancelled: 1 });
    expect((await humdrum.showJob(id)).audit.at(-1)).toMatchObject({
      event: 'cancelled',
      actor: 'job:1',
      reason: 'it failed longer ago than history is kept',
    });
  });

  it('goes on where only drains do the work of upkeep', async () => {
    await db.query(`select setval('humdrum.job_id', 10000000)`);
    await humdrum.drain();
    expect(await parts()).toContain('job_2');
    await db.query(`select setval('humdrum.job_id', 20000000)`);
    const { id } = await humdrum.enqueue(plain);
    expect(await humdrum.drain()).toMatchObject({ ran: [{ id, status: 'completed' }] });
  });

  it('has a part ready before the ids get there, whoever sees to it', async () => {
    await db.query(`select setval('humdrum.job_id', 19999999)`);
    await Promise.all([1, 2, 3].map(() => extendHistory(db)));
    expect(await runOne()).toBe(20_000_000);
    expect((await parts()).filter((name) => name.startsWith('job'))).toEqual([
      'job_0',
      'job_1',
      'job_2',
    ]);
  });

  it('lets nobody change a fact in a part, old or new', async () => {
    const id = await runOne();
    for (const table of ['job_0', 'attempt_0', 'job_1']) {
      await expect(db.query(`delete from humdrum.${table}`)).rejects.toThrow(/only ever added/);
    }
    expect((await humdrum.showJob(id)).status).toBe('completed');
  });
});
