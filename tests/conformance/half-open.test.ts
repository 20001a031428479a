import { expect, it, onTestFinished } from 'vitest';
import { openPostgres } from '../../src/database/postgres.ts';
import { createApp } from '../../src/http/index.ts';
import { createHumdrum } from '../../src/index.ts';
import { freshUrl } from '../support/databases.ts';
import { EventLog, job, openEngine } from '../support/engine.ts';
import { type SwallowingProxy, swallowingProxy } from '../support/swallowing-proxy.ts';

const LEASE_MS = 2_500;
const work = job('half.work', () => null, { atomic: false });

async function started(): Promise<{
  proxy: SwallowingProxy;
  events: EventLog;
  direct: Awaited<ReturnType<typeof openEngine>>['humdrum'];
  humdrum: Awaited<ReturnType<typeof createHumdrum>>;
}> {
  const url = await freshUrl();
  const proxy = await swallowingProxy(url);
  const db = await openPostgres(url);
  onTestFinished(() => db.close());
  const { humdrum: direct } = await openEngine(db, { jobs: [work] });
  const events = new EventLog();
  const humdrum = await createHumdrum({
    database: proxy.url,
    jobs: [work],
    worker: { leaseMs: LEASE_MS, pollMs: 200 },
    onEvent: (event) => events.add(event),
  });
  await direct.enqueue(work);
  await humdrum.start();
  await events.settled(1);
  return { proxy, events, direct, humdrum };
}

it('a worker whose connections died without a sign goes on over new ones', async () => {
  const { proxy, events, direct, humdrum } = await started();
  proxy.swallow('new');
  await direct.enqueueMany(Array.from({ length: 20 }, () => ({ type: work })));
  await events.settled(21);
  await humdrum.close();
  const jobs = await direct.listJobs({ limit: 100 });
  expect(jobs.map(({ status }) => status)).toEqual(Array.from({ length: 21 }, () => 'completed'));
  expect(
    events.all.some(
      (one) => one.event === 'trouble' && String(one.error).includes('did not reply within'),
    ),
  ).toBe(true);
});

it('a worker that reaches no database is not ready, and stops in time', async () => {
  const { proxy, events, humdrum } = await started();
  const app = createApp(humdrum);
  expect((await app.request('/readyz')).status).toBe(200);
  proxy.swallow('none');
  await events.until((log) =>
    log.all.some((one) => one.event === 'trouble' && one.doing === 'claiming'),
  );
  expect((await app.request('/readyz')).status).toBe(503);
  // Without an end of its own, a stop never returns here.
  await humdrum.stop(1_000);
  await humdrum.close();
});
