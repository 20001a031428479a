import { expect, it, onTestFinished } from 'vitest';
import { openPostgres } from '../../src/database/postgres.ts';
import { freshUrl } from '../support/databases.ts';
import { job, openEngine } from '../support/engine.ts';

const work = job('own.work', () => null, { atomic: false });

it('a worker goes on while the application uses up all other connections', async () => {
  const url = await freshUrl();
  const [here, there] = await Promise.all([openPostgres(url, { max: 14 }), openPostgres(url)]);
  onTestFinished(() => there.close());
  const { humdrum, events } = await openEngine(here, {
    jobs: [work],
    worker: { leaseMs: 2_000, pollMs: 100 },
  });
  const producer = await openEngine(there, { jobs: [work] });
  await humdrum.start();
  const lock = await there.begin();
  await lock.query('select pg_advisory_xact_lock(17)');
  // They wait for the lock, which ends after the jobs.
  const flood = Promise.all(
    Array.from({ length: 60 }, () => here.query('select pg_advisory_xact_lock_shared(17)::text')),
  );
  await producer.humdrum.enqueueMany(Array.from({ length: 40 }, () => ({ type: work })));
  await events.settled(40);
  await lock.rollback();
  await flood;
  expect(events.count('lease-lost')).toBe(0);
  const jobs = await producer.humdrum.listJobs({ type: work.type, limit: 100 });
  expect(new Set(jobs.map(({ status, attempts }) => `${status} ${attempts}`))).toEqual(
    new Set(['completed 1']),
  );
});
