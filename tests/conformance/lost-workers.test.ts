import { expect, it } from 'vitest';
import { runOutside } from '../../src/database/ambient.ts';
import type { Database } from '../../src/database/database.ts';
import { openPostgres } from '../../src/database/postgres.ts';
import { settle } from '../../src/engine/settle/settle.ts';
import { LostWorkers } from '../../src/engine/upkeep/lost-workers.ts';
import { fresh, freshUrl } from '../support/databases.ts';
import { job, openEngine } from '../support/engine.ts';
import { addWorker, claim, completed, expireWorker, plain, rescueLost } from '../support/verbs.ts';

const NONE = { rescued: 0, again: 0, charged: 0 };

async function claimed(db: Database, jobs: number) {
  const { humdrum } = await openEngine(db, { jobs: [plain] });
  const ids = await humdrum.enqueueMany(Array.from({ length: jobs }, () => ({ type: plain })));
  const worker = await addWorker(db);
  return { humdrum, ids, worker, held: await claim(db, worker) };
}

it('nothing of a lost worker is rescued while a settlement of it is under way', async () => {
  const db = await fresh('postgres');
  const { humdrum, worker, held } = await claimed(db, 3);
  const [first] = held;
  if (!first) throw new Error('nothing was claimed');
  await db.transaction(async (tx) => {
    expect(await settle(tx, [completed(first)], [])).toEqual([]);
    await runOutside(() => expireWorker(db, worker));
    expect(await runOutside(() => rescueLost(db))).toEqual(NONE);
  });
  expect(await rescueLost(db)).toEqual({ rescued: 2, again: 2, charged: 0 });
  expect((await humdrum.showJob(first.id)).status).toBe('completed');
});

it('a transaction with a snapshot from before its worker was lost cannot settle', async () => {
  const db = await fresh('postgres');
  const { worker, held } = await claimed(db, 2);
  const [first] = held;
  if (!first) throw new Error('nothing was claimed');
  const late = db.transaction(async (tx) => {
    await tx.query('set transaction isolation level repeatable read');
    await tx.query('select 1');
    await runOutside(() => expireWorker(db, worker));
    expect(await runOutside(() => rescueLost(db))).toEqual({ rescued: 2, again: 2, charged: 0 });
    await settle(tx, [completed(first)], []);
  });
  await expect(late).rejects.toMatchObject({ code: '40001' });
});

it('a job that was lost with two workers waits to run alone, and says so', async () => {
  const db = await fresh('postgres');
  const { humdrum, ids, worker } = await claimed(db, 2);
  await expireWorker(db, worker);
  await rescueLost(db);
  const second = await addWorker(db);
  expect(await claim(db, second)).toHaveLength(2);
  await expireWorker(db, second);
  expect(await rescueLost(db)).toEqual({ rescued: 2, again: 2, charged: 0 });
  expect(await claim(db, await addWorker(db))).toEqual([]);
  const [id = 0] = ids;
  expect(await humdrum.why(id)).toMatchObject({
    status: 'queued',
    why: 'It waits to run alone in a worker: 2 workers were lost while they held it and other jobs.',
  });
  expect((await humdrum.showJob(id)).losses).toMatchObject([
    { attempt: 1, reason: `Worker ${worker} was lost while it held 2 jobs` },
    { attempt: 1, reason: `Worker ${second} was lost while it held 2 jobs` },
  ]);
  expect((await humdrum.drain()).completed).toBe(2);
});

it('after ten losses that were not charged, the next is', async () => {
  const db = await fresh('postgres');
  const { humdrum, ids, worker } = await claimed(db, 2);
  const [id = 0] = ids;
  await db.query(
    `insert into humdrum.loss (job_id, ordinal, kind, number, worker_id, at, reason)
     select $1, nth, 'worker', 1, 1, now(), 'as the test says' from generate_series(1, 10) as nth`,
    [id],
  );
  await expireWorker(db, worker);
  expect(await rescueLost(db)).toEqual({ rescued: 2, again: 2, charged: 1 });
  expect((await humdrum.showJob(id)).attempts).toBe(1);
});

it('a database clock that is set forward takes no job from a worker that lives', async () => {
  const url = await freshUrl();
  const [here, there] = await Promise.all([openPostgres(url), openPostgres(url)]);
  const long = job(
    'lost.long',
    async () => {
      await here.query(
        `create or replace function humdrum.clock() returns timestamptz language sql volatile
         return clock_timestamp() + interval '1 hour'`,
      );
      await new Promise((resolve) => setTimeout(resolve, 3_500));
      return 'done';
    },
    { atomic: false },
  );
  const worker = { leaseMs: 3_000, pollMs: 100 };
  const one = await openEngine(here, { jobs: [long], worker });
  const later = job('lost.later', () => null);
  const other = await openEngine(there, { jobs: [later], worker });
  await other.humdrum.start();
  const { id } = await one.humdrum.enqueue(long);
  await one.humdrum.start();
  // Each of these makes the other look at what is due.
  const looking = setInterval(
    () => void other.humdrum.enqueue(later, {}, { delayMs: 86_400_000 }),
    50,
  );
  await one.events.settled(1);
  clearInterval(looking);
  expect((await one.humdrum.showJob(id)).attemptRecords).toMatchObject([
    { number: 1, status: 'completed' },
  ]);
  expect(other.events.count('jobs-rescued') + one.events.count('lease-lost')).toBe(0);
  await Promise.all([one.humdrum.close(), other.humdrum.close()]);
});

it('a lease that has passed is believed once the clock has stood for a lease', async () => {
  const db = await fresh('postgres');
  const { worker } = await claimed(db, 1);
  await db.query('update humdrum.worker set expires_at = humdrum.clock() where id = $1', [worker]);
  const wary = new LostWorkers(db, { actor: 'test', leaseMs: 3_600_000, self: () => 0 });
  const nowMs = performance.now();
  wary.observe(0, nowMs, nowMs);
  wary.observe(3_600_000, nowMs, nowMs);
  expect(await wary.rescue()).toEqual(NONE);
  const trusting = new LostWorkers(db, { actor: 'test', leaseMs: 3_600_000, self: () => 0 });
  trusting.observe(0, nowMs, nowMs);
  trusting.observe(10, nowMs, nowMs + 10);
  expect(await trusting.rescue()).toEqual({ rescued: 1, again: 1, charged: 1 });
});
