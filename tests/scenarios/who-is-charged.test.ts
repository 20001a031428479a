import { expect, it, onTestFinished } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { openPostgres } from '../../src/database/postgres.ts';
import type { Humdrum } from '../../src/index.ts';
import { freshUrl } from '../support/databases.ts';
import { openEngine } from '../support/engine.ts';
import { Running } from '../support/process.ts';
import config, { boom, calm, once } from './fixtures/deadly.config.mjs';

const CONFIG = new URL('fixtures/deadly.config.mjs', import.meta.url).pathname;

async function begin(): Promise<{ url: string; db: Database; humdrum: Humdrum }> {
  const url = await freshUrl();
  const db = await openPostgres(url);
  onTestFinished(() => db.close());
  const { humdrum } = await openEngine(db, { jobs: config.jobs });
  return { url, db, humdrum };
}

function startWorker(url: string): Running {
  const args = ['worker', '--config', CONFIG, '--database', url];
  return new Running(args, { env: { LOG_FORMAT: 'json' } });
}

async function lostAttempts(db: Database): Promise<{ type: string; lost: number }[]> {
  const { rows } = await db.query<{ type: string; lost: number }>(
    `select type, count(*) as lost from humdrum.attempt join humdrum.job on job.id = job_id
     where error_class = 'WorkerLost' group by type order by type`,
  );
  return rows;
}

it('a job that kills its worker is charged, and the jobs beside it are not', async () => {
  const { url, db, humdrum } = await begin();
  const [killer] = await humdrum.enqueueMany(
    [boom, ...Array.from({ length: 9 }, () => calm)].map((type) => ({ type })),
  );
  const open = async (): Promise<number> =>
    (await humdrum.listJobs({ status: ['queued', 'running'] })).length;
  // Whatever keeps workers running starts another each time that one has died.
  while ((await open()) > 0) {
    const worker = startWorker(url);
    await Promise.race([worker.ended, untilNone(open)]);
    await worker.end('SIGTERM');
  }
  const jobs = await humdrum.listJobs({ limit: 20 });
  expect(jobs.filter(({ status }) => status === 'failed').map(({ id }) => id)).toEqual([killer]);
  expect(jobs.filter(({ status }) => status === 'completed')).toHaveLength(9);
  expect(await lostAttempts(db)).toEqual([{ type: 'test.boom', lost: 2 }]);
}, 120_000);

it('of jobs with one attempt, only those that had begun fail with their worker', async () => {
  const { url, db, humdrum } = await begin();
  await humdrum.enqueueMany(Array.from({ length: 500 }, () => ({ type: once })));
  const worker = startWorker(url);
  await worker.saying(/begun/, 50);
  await worker.end('SIGKILL');
  const begun = worker.lines.filter((line) => line === 'begun').length;
  const next = startWorker(url);
  await untilNone(async () => (await humdrum.listJobs({ status: ['queued', 'running'] })).length);
  await next.end('SIGTERM');
  const again = next.lines.filter((line) => line === 'begun').length;
  expect(begun + again).toBeLessThanOrEqual(500);
  const [lost = { lost: 0 }] = await lostAttempts(db);
  expect(lost.lost).toBeLessThanOrEqual(10);
  expect((await humdrum.listJobs({ status: 'failed', limit: 100 })).length).toBe(lost.lost);
}, 60_000);

async function untilNone(count: () => Promise<number>): Promise<void> {
  while ((await count()) > 0) await new Promise((resolve) => setTimeout(resolve, 100));
}
