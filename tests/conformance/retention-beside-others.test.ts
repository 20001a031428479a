import { Client } from 'pg';
import { expect, it, onTestFinished } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { openPostgres } from '../../src/database/postgres.ts';
import { dropHistory } from '../../src/engine/upkeep/retention.ts';
import type { Humdrum } from '../../src/index.ts';
import { freshUrl } from '../support/databases.ts';
import { job, openEngine, stopClockAt } from '../support/engine.ts';
import { plain } from '../support/verbs.ts';

const KEEP = { keepMs: 86_400_000, actor: 'job:1' };

const userEffect = job('user.effect', () => null, { queue: 'effects' });

/** A history of so many parts whose jobs have all ended long ago. */
async function oldHistory(
  parts: number,
): Promise<{ url: string; db: Database; humdrum: Humdrum; ids: number[] }> {
  const url = await freshUrl();
  const db = await openPostgres(url);
  const moveTo = await stopClockAt(db, '2026-03-01T10:00:00Z');
  const { humdrum } = await openEngine(db, { jobs: [plain, userEffect] });
  onTestFinished(() => db.close());
  const ids: number[] = [];
  for (let part = 0; part < parts; part += 1) {
    ids.push((await humdrum.enqueue(plain)).id);
    await humdrum.drain();
    await nextPart(db);
  }
  await moveTo('2026-04-01T10:00:00Z');
  return { url, db, humdrum, ids };
}

async function nextPart(db: Database): Promise<void> {
  await db.query(`select setval('humdrum.job_id', (last_value / humdrum.history_width() + 1) * humdrum.history_width(), false)
    from humdrum.job_id`);
  await db.query('select humdrum.extend_history()');
}

it('keeps a job that a transaction has enqueued into the part and not committed yet', async () => {
  const { url, db, humdrum } = await oldHistory(0);
  const client = new Client({ connectionString: url });
  await client.connect();
  onTestFinished(() => client.end());
  await client.query('begin');
  const [held = 0] = await humdrum.enqueueWithin(client, [{ type: plain }]);
  await nextPart(db);
  expect(await dropHistory(db, KEEP)).toEqual({ cancelled: 0, dropped: 0, inUse: 1 });
  await client.query('commit');
  expect(await dropHistory(db, KEEP)).toEqual({ cancelled: 0, dropped: 0, inUse: 0 });
  expect((await humdrum.showJob(held)).status).toBe('queued');
});

it('is done once by several at once', async () => {
  const { url, db } = await oldHistory(3);
  const other = await openPostgres(url);
  onTestFinished(() => other.close());
  const rounds = await Promise.all([db, other, db, other].map((one) => dropHistory(one, KEEP)));
  let dropped = rounds.reduce((sum, round) => sum + round.dropped, 0);
  dropped += (await dropHistory(db, KEEP)).dropped;
  expect(dropped).toBe(3);
  const { rows } = await db.query(
    `select count(*) as audited from humdrum.audit where event = 'dropped'`,
  );
  expect(rows).toEqual([{ audited: 3 }]);
});

it('ends no statement of others, in whatever order they read the tables', async () => {
  const { db, humdrum } = await oldHistory(1);
  const end = new AbortController();
  const until = async (work: () => Promise<unknown>): Promise<void> => {
    while (!end.signal.aborted) await work();
  };
  const read = (first: string, then: string) => (): Promise<unknown> =>
    db.transaction(async (tx) => {
      await tx.query(`select from humdrum.${first} limit 1`);
      await tx.query(`select from humdrum.${then} limit 1`);
    });
  const others = [
    until(read('job', 'attempt')),
    until(read('attempt', 'job')),
    until(() => humdrum.listJobs({ limit: 20 })),
    until(() => humdrum.enqueue(plain)),
  ];
  let dropped = 0;
  while (dropped < 1) dropped += (await dropHistory(db, KEEP)).dropped;
  end.abort();
  await expect(Promise.all(others)).resolves.toHaveLength(4);
});

it('takes no notice of what other jobs carry in the queue of the deliveries', async () => {
  const { db, humdrum } = await oldHistory(1);
  await humdrum.enqueue(userEffect, { job: 'no number' }, { runAt: new Date('2027-01-01') });
  expect(await dropHistory(db, KEEP)).toEqual({ cancelled: 0, dropped: 1, inUse: 0 });
});
