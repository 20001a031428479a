import { beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import type { Database } from '../../src/database/database.ts';
import { cancel } from '../../src/engine/transitions/cancel.ts';
import { promote } from '../../src/engine/transitions/promote.ts';
import { retry } from '../../src/engine/transitions/retry.ts';
import { settle } from '../../src/engine/settle/settle.ts';
import { dropExpiredKeys } from '../../src/engine/upkeep/expired-keys.ts';
import { defineJob, type EnqueueOptions, type Humdrum } from '../../src/index.ts';
import { eachBackend } from '../support/databases.ts';
import { openEngine, stopClockAt } from '../support/engine.ts';
import {
  addWorker,
  claim,
  completed,
  expireWorker,
  failed,
  plain,
  rescueLost,
} from '../support/verbs.ts';

const keyed = defineJob({
  type: 'test.keyed',
  input: z.object({ user: z.number() }),
  unique: ({ user }) => ({ key: `user:${user}` }),
  run: () => null,
});

eachBackend('unique keys', (fresh, backend) => {
  let db: Database;
  let humdrum: Humdrum;
  let moveTo: (at: string) => Promise<void>;
  let worker: number;

  beforeEach(async () => {
    db = await fresh();
    moveTo = await stopClockAt(db, '2026-03-01T10:00:00Z');
    ({ humdrum } = await openEngine(db, { jobs: [plain, keyed] }));
    worker = await addWorker(db);
  });

  const unique = { unique: { key: 'a' } };
  const debounce = { debounce: { key: 'a', waitMs: 10_000, maxWaitMs: 15_000 } };
  const put = async (nth: number): Promise<number> =>
    (await humdrum.enqueueMany([{ type: plain, input: { nth }, ...debounce }]))[0] ?? 0;
  const jobCount = async (): Promise<unknown> =>
    (await db.query('select count(*) from humdrum.job')).rows[0];

  it('answers the open job in place of a second one', async () => {
    const first = await humdrum.enqueue(plain, {}, unique);
    expect(first.created).toBe(true);
    expect(await humdrum.enqueue(plain, {}, unique)).toEqual({ id: first.id, created: false });
    const running = await claim(db, worker);
    expect(await humdrum.enqueue(plain, {}, unique)).toEqual({ id: first.id, created: false });
    await settle(
      db,
      running.map((one) => completed(one)),
      [],
    );
    expect(await humdrum.enqueue(plain, {}, unique)).toMatchObject({ created: true });
    expect(await jobCount()).toEqual({ count: 2 });
  });

  it('keeps types apart, and takes the key from the input where the type says so', async () => {
    await humdrum.enqueue(plain, {}, { unique: { key: 'user:1' } });
    const ids = await humdrum.enqueueMany([
      { type: keyed, input: { user: 1 } },
      { type: keyed, input: { user: 2 } },
      { type: keyed, input: { user: 1 } },
    ]);
    expect(ids[2]).toBe(ids[0]);
    expect(new Set(ids).size).toBe(2);
    expect(await jobCount()).toEqual({ count: 3 });
  });

  it('lets one of many who come at once have it', async () => {
    const all = await Promise.all(
      Array.from({ length: 8 }, () => humdrum.enqueue(plain, {}, unique)),
    );
    expect(all.filter(({ created }) => created)).toHaveLength(1);
    expect(new Set(all.map(({ id }) => id)).size).toBe(1);
    expect(await jobCount()).toEqual({ count: 1 });
  });

  it('lets no two open jobs have it when a failed one is to be tried again', async () => {
    const { id } = await humdrum.enqueue(plain, {}, unique);
    await settle(
      db,
      (await claim(db, worker)).map((one) => failed(one, true)),
      [],
    );
    const second = await humdrum.enqueue(plain, {}, unique);
    expect(second.created).toBe(true);
    await expect(humdrum.retry(id)).rejects.toThrow(/unique key/);
    await humdrum.cancel(second.id);
    await humdrum.retry(id);
    expect(await humdrum.enqueue(plain, {}, unique)).toEqual({ id, created: false });
  });

  it('keeps it through retries and rescue', async () => {
    const { id } = await humdrum.enqueue(plain, {}, unique);
    await settle(
      db,
      (await claim(db, worker)).map((one) => failed(one)),
      [],
    );
    expect(await humdrum.enqueue(plain, {}, unique)).toEqual({ id, created: false });
    await promote(db);
    await claim(db, worker);
    await expireWorker(db, worker);
    await rescueLost(db); // The last of two attempts.
    expect(await humdrum.enqueue(plain, {}, unique)).toMatchObject({ created: true });
  });

  it('holds it for a time where one is given, whatever becomes of the job', async () => {
    const hour = { unique: { key: 'a', forMs: 3_600_000 } };
    const first = await humdrum.enqueue(plain, {}, hour);
    await settle(
      db,
      (await claim(db, worker)).map((one) => completed(one)),
      [],
    );
    await moveTo('2026-03-01T10:59:59Z');
    expect(await humdrum.enqueue(plain, {}, hour)).toEqual({ id: first.id, created: false });
    await moveTo('2026-03-01T11:00:00Z');
    expect(await humdrum.enqueue(plain, {}, hour)).toMatchObject({ created: true });
    await moveTo('2026-03-01T12:00:59Z');
    expect(await dropExpiredKeys(db)).toBe(0);
    await moveTo('2026-03-01T12:01:00Z');
    expect(await dropExpiredKeys(db)).toBe(1);
    expect((await db.query('select * from humdrum.unique_key')).rows).toEqual([]);
  });

  it('holds it for a time for a job that is cancelled, too', async () => {
    const hour = { unique: { key: 'a', forMs: 3_600_000 } };
    const { id } = await humdrum.enqueue(plain, {}, hour);
    await humdrum.cancel(id);
    expect(await humdrum.enqueue(plain, {}, hour)).toEqual({ id, created: false });
    expect((await humdrum.enqueue(plain, {}, debounce)).created).toBe(true); // It takes the place of any other.
  });

  it.skipIf(backend === 'pglite')(
    'goes by when a job was asked for, however long that waits',
    async () => {
      const hour = { unique: { key: 'a', forMs: 3_600_000 } };
      const { id } = await humdrum.enqueue(plain, {}, hour);
      const tx = await db.begin();
      await tx.query('select from humdrum.unique_key for update');
      await moveTo('2026-03-01T10:59:59Z');
      const late = humdrum.enqueue(plain, {}, hour);
      await someoneWaits(db);
      await moveTo('2026-03-01T11:00:00Z');
      await tx.commit();
      expect(await late).toEqual({ id, created: false });
    },
  );

  it('gives a key whose time has passed to a job that is retried', async () => {
    const first = await humdrum.enqueue(plain, {}, unique);
    const [claimed] = await claim(db, worker);
    if (claimed) await settle(db, [failed(claimed, true)], []);
    await humdrum.enqueue(plain, {}, { unique: { key: 'a', forMs: 60_000 } });
    await expect(humdrum.retry(first.id)).rejects.toThrow(/same unique key/);
    await moveTo('2026-03-01T10:01:00Z');
    await humdrum.retry(first.id);
    expect(await humdrum.enqueue(plain, {}, unique)).toEqual({ id: first.id, created: false });
  });

  it.skipIf(backend === 'pglite')('is not taken for a job that is being cancelled', async () => {
    const { id } = await humdrum.enqueue(plain, {}, unique);
    const [claimed] = await claim(db, worker);
    if (claimed) await settle(db, [failed(claimed, true)], []);
    const tx = await db.begin();
    await cancel(tx, [id], { actor: 'test', reason: null });
    const retried = retry(db, [id], { actor: 'test', reason: null });
    await someoneWaits(db);
    await tx.commit();
    expect(await retried).toEqual([]);
    expect(await humdrum.enqueue(plain, {}, unique)).toMatchObject({ created: true });
  });

  it('debounces: the last one runs, when nothing more has come for a while', async () => {
    const first = await put(1);
    await moveTo('2026-03-01T10:00:04Z');
    const second = await put(2);
    expect((await humdrum.showJob(first)).status).toBe('cancelled');
    await moveTo('2026-03-01T10:00:12Z');
    const third = await put(3);
    await promote(db);
    expect(await claim(db, worker)).toEqual([]);
    await moveTo('2026-03-01T10:00:15Z'); // Fifteen seconds after the first, at the latest.
    await promote(db);
    expect(await claim(db, worker)).toMatchObject([{ id: third, input: { nth: 3 } }]);
    expect((await humdrum.showJob(second)).audit.at(-1)?.reason).toMatch(/takes its place/);
  });

  it('debounces anew while the one before runs', async () => {
    const first = await humdrum.enqueue(plain, {}, debounce);
    await moveTo('2026-03-01T10:00:10Z');
    await promote(db);
    const running = await claim(db, worker);
    const second = await humdrum.enqueue(plain, {}, debounce);
    expect(second.created).toBe(true);
    await settle(
      db,
      running.map((one) => completed(one)),
      [],
    );
    expect((await humdrum.showJob(first.id)).status).toBe('completed');
    const third = await humdrum.enqueue(plain, {}, debounce);
    expect((await humdrum.showJob(second.id)).status).toBe('cancelled');
    expect((await humdrum.showJob(third.id)).status).toBe('queued');
  });

  it('debounces many at once down to one', async () => {
    await Promise.all(Array.from({ length: 6 }, () => humdrum.enqueue(plain, {}, debounce)));
    const ids = await humdrum.enqueueMany(
      [1, 2, 3].map((nth) => ({ type: plain, input: { nth }, ...debounce })),
    );
    expect(new Set(ids).size).toBe(1);
    expect((await humdrum.showJob(ids[0] ?? 0)).input).toEqual({ nth: 3 });
    const { rows } = await db.query(
      'select status, count(*) from humdrum.jobs group by 1 order by 1',
    );
    expect(rows).toEqual([
      { status: 'cancelled', count: 6 },
      { status: 'queued', count: 1 },
    ]);
  });

  it.each<[EnqueueOptions, RegExp]>([
    [{ unique: { key: '' } }, /key must have 1 to 500/],
    [{ unique: { key: 'a', forMs: 0 } }, /unique\.forMs/],
    [{ debounce: { key: 'a', waitMs: -1 } }, /debounce\.waitMs/],
    [{ debounce: { key: 'a', waitMs: 5, maxWaitMs: 4 } }, /debounce\.maxWaitMs/],
    [{ ...unique, ...debounce }, /not both/],
    [{ ...debounce, delayMs: 5 }, /no runAt, delayMs or children/],
  ])('refuses %j', async (options, message) => {
    await expect(humdrum.enqueue(plain, {}, options)).rejects.toThrow(message);
    expect(await jobCount()).toEqual({ count: 0 });
  });
});

async function someoneWaits(db: Database): Promise<void> {
  for (let waiting = 0; waiting === 0;) {
    const { rows } = await db.query(
      `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
    );
    waiting = rows.length;
  }
}
