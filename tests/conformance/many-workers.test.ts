import { describe, expect, it } from 'vitest';
import { openPostgres } from '../../src/database/postgres.ts';
import { limitsOf } from '../../src/engine/job/limit-rule.ts';
import { replayStatus } from '../../src/engine/job/lifecycle.ts';
import { registerLimits } from '../../src/engine/register/limits.ts';
import { fresh, freshUrl, listensDirectly } from '../support/databases.ts';
import { job, openEngine } from '../support/engine.ts';
import { addWorker, claim, plain } from '../support/verbs.ts';

describe('a worker that was silent for too long', () => {
  it(
    'drops what it has, starts anew, and its job is tried again',
    { timeout: 30_000 },
    async () => {
      const db = await fresh('postgres');
      const stuck = job(
        'test.stuck',
        async ({ job: { attempt }, signal }) => {
          if (attempt > 1) return 'done';
          await db.query('update humdrum.worker set lost_at = humdrum.clock()');
          await new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason as Error));
          });
          return 'never';
        },
        { atomic: false },
      );
      const { humdrum, events } = await openEngine(db, {
        jobs: [stuck],
        worker: { leaseMs: 3_000 },
      });
      const { id } = await humdrum.enqueue(stuck);
      await humdrum.start();
      await events.settled(1);
      expect(events.count('lease-lost')).toBe(1);
      const shown = await humdrum.showJob(id);
      expect(shown.attemptRecords).toMatchObject([
        { number: 1, errorClass: 'WorkerLost' },
        { number: 2, status: 'completed' },
      ]);
      expect(replayStatus(shown.audit.map(({ event }) => event))).toBe('completed');
    },
  );
});

describe('workers on one server', () => {
  it.skipIf(!listensDirectly())(
    'hear of what another process enqueues, now or for a moment to come',
    async () => {
      const url = await freshUrl();
      const [here, there] = await Promise.all([openPostgres(url), openPostgres(url)]);
      const echo = job('test.echo', () => null);
      const producer = await openEngine(here, { jobs: [echo] });
      const worker = await openEngine(there, { jobs: [echo], worker: { pollMs: 3_600_000 } });
      await worker.humdrum.start();
      await producer.humdrum.enqueue(echo);
      await worker.events.settled(1);
      await producer.humdrum.enqueue(echo, {}, { runAt: new Date(Date.now() + 200) });
      await worker.events.settled(2);
      await here.transaction(() => producer.humdrum.enqueue(echo));
      await worker.events.settled(3);
      expect(await worker.humdrum.getStats()).toMatchObject({ successfulExecutions: 3 });
      await worker.humdrum.stop();
      await Promise.all([here.close(), there.close()]);
    },
  );
});

describe('a claim', () => {
  it('answers all that it has taken, also what was enqueued while it waited', async () => {
    const db = await fresh('postgres');
    const queues = { default: { concurrency: 5 } };
    const { humdrum } = await openEngine(db, { jobs: [plain], queues });
    await registerLimits(db, limitsOf({ queues }), 'test');
    const worker = await addWorker(db);
    const tx = await db.begin();
    await tx.query(`select humdrum.lock_gates(array['queue:default'])`);
    const claiming = claim(db, worker);
    const waiting = `select from pg_locks join pg_database on pg_database.oid = database
      where datname = current_database() and locktype = 'advisory' and not granted`;
    while ((await db.query(waiting)).rows.length === 0);
    const { id } = await humdrum.enqueue(plain, {});
    await tx.commit();
    expect((await claiming).map((taken) => taken.id)).toEqual([id]);
  });
});
