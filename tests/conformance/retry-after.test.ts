import { expect, it } from 'vitest';
import { RetryAfterError } from '../../src/index.ts';
import { fresh } from '../support/databases.ts';
import { job, openEngine } from '../support/engine.ts';

const JOBS = 50;

/** A service that turns everybody away for a while. */
function service(forMs: number) {
  const untilMs = performance.now() + forMs;
  const calls = { refused: 0, taken: 0 };
  return {
    calls,
    call(options: { counted?: boolean; holdRates?: boolean }): void {
      const afterMs = untilMs - performance.now();
      if (afterMs > 0) {
        calls.refused += 1;
        throw new RetryAfterError('429 Too Many Requests', { ...options, afterMs });
      }
      calls.taken += 1;
    },
  };
}

it('one refusal that holds the rates keeps the others from asking, and is not counted', async () => {
  const db = await fresh('postgres');
  const api = service(2_000);
  const ask = job('api.ask', () => api.call({ counted: false, holdRates: true }), {
    retry: { attempts: 1 },
    limits: ['api'],
  });
  const { humdrum, events } = await openEngine(db, {
    jobs: [ask],
    limits: { api: { rate: { tokens: 1_000, perMs: 1_000 } } },
  });
  await humdrum.enqueueMany(Array.from({ length: JOBS }, () => ({ type: ask })));
  await humdrum.start();
  await events.settled(JOBS);
  expect(api.calls.taken).toBe(JOBS);
  expect(api.calls.refused).toBeLessThanOrEqual(20);
  const jobs = await humdrum.listJobs({ limit: 100 });
  expect(new Set(jobs.map(({ status, attempts }) => `${status} ${attempts}`))).toEqual(
    new Set(['completed 1']),
  );
  expect(events.count('job-given-back')).toBe(api.calls.refused);
});

it('an attempt that is not counted is shown, and a thousand of them are enough', async () => {
  const db = await fresh('postgres');
  const ask = job(
    'api.ask',
    () => {
      throw new RetryAfterError('later', { afterMs: 60_000, counted: false });
    },
    { retry: { attempts: 1 } },
  );
  const { humdrum } = await openEngine(db, { jobs: [ask] });
  const { id } = await humdrum.enqueue(ask);
  expect((await humdrum.drain()).failed).toBe(0);
  const { status, losses } = await humdrum.showJob(id);
  expect(status).toBe('queued');
  expect(losses).toMatchObject([{ attempt: 1, reason: 'later' }]);
  await db.query(
    `insert into humdrum.loss (job_id, ordinal, kind, number, worker_id, at, reason)
     select $1, nth, 'handler', 1, 1, now(), 'later' from generate_series(2, 1000) as nth`,
    [id],
  );
  await db.query('update humdrum.later set run_at = now()');
  expect((await humdrum.drain()).failed).toBe(1);
  expect((await humdrum.showJob(id)).attemptRecords).toMatchObject([{ errorMessage: 'later' }]);
});
