import { expect, it, onTestFinished } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { openPostgres } from '../../src/database/postgres.ts';
import type { Humdrum } from '../../src/index.ts';
import { freshUrl } from '../support/databases.ts';
import { job, openEngine } from '../support/engine.ts';

const keyed = job('held.keyed', () => null);
const plain = job('held.plain', () => null);

interface Holding {
  db: Database;
  humdrum: Humdrum;
  /** Ends the transaction that has enqueued the key `k`. */
  end: (how: 'commit' | 'rollback') => Promise<void>;
}

/** A transaction of the application is open, and has enqueued a job with the key `k`. */
async function holding(url?: string): Promise<Holding> {
  const db = await openPostgres(url ?? (await freshUrl()));
  onTestFinished(() => db.close());
  const { humdrum } = await openEngine(db, { jobs: [keyed, plain] });
  const tx = await db.begin();
  await humdrum.enqueueWithin(tx, [{ type: keyed, unique: { key: 'k' } }]);
  return { db, humdrum, end: (how) => tx[how]() };
}

it('a unique key that is held makes only those wait who want the same', async () => {
  const { humdrum, end } = await holding();
  let isCreated: boolean | null = null;
  const same = humdrum
    .enqueue(keyed, {}, { unique: { key: 'k' } })
    .then(({ created }) => (isCreated = created));
  // None of these ends if it waits for the transaction, which ends after them.
  for (let at = 0; at < 20; at += 1) {
    await humdrum.enqueue(plain);
    await humdrum.enqueue(keyed, {}, { unique: { key: `other ${at}` } });
  }
  await Promise.all([
    humdrum.enqueueMany([{ type: keyed, unique: { key: 'many' } }, { type: plain }]),
    humdrum.enqueue(keyed, {}, { unique: { key: 'beside' } }),
  ]);
  expect(isCreated).toBe(null);
  await end('rollback');
  await same;
  expect(isCreated).toBe(true);
});

it('callers of one key that is held get it one after another', async () => {
  const { humdrum, end } = await holding();
  const same = Array.from({ length: 30 }, () =>
    humdrum.enqueue(keyed, {}, { unique: { key: 'k' } }),
  );
  await humdrum.enqueue(keyed, {}, { unique: { key: 'other' } });
  await end('rollback');
  const created = (await Promise.all(same)).filter((one) => one.created);
  expect(created).toHaveLength(1);
});

it('more keys are held than connections may wait for, and others go on', async () => {
  const { db, humdrum, end } = await holding();
  const tx = await db.begin();
  const keys = Array.from({ length: 12 }, (_, at) => `k${at}`);
  for (const key of keys) await humdrum.enqueueWithin(tx, [{ type: keyed, unique: { key } }]);
  const waiting = keys.map((key) => humdrum.enqueue(keyed, {}, { unique: { key } }));
  for (let at = 0; at < 5; at += 1) await humdrum.enqueue(plain);
  await humdrum.enqueue(keyed, {}, { unique: { key: 'other' } });
  await tx.rollback();
  await end('rollback');
  expect((await Promise.all(waiting)).every(({ created }) => created)).toBe(true);
});

it('a lock timeout of the role is told only to whom it concerns', async () => {
  const url = await freshUrl();
  const setup = await openPostgres(url);
  const name = new URL(url).pathname.slice(1);
  await setup.query(`alter database "${name}" set lock_timeout = '700ms'`);
  await setup.close();
  const { humdrum, end } = await holding(url);
  const same = humdrum.enqueue(keyed, {}, { unique: { key: 'k' } });
  const others = Array.from({ length: 10 }, (_, at) =>
    humdrum.enqueue(keyed, {}, { unique: { key: `other ${at}` } }),
  );
  await expect(same).rejects.toMatchObject({ code: '55P03' });
  await Promise.all(others);
  await end('commit');
});
