import { expect, it, onTestFinished } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { openPostgres } from '../../src/database/postgres.ts';
import type { Humdrum, JobType } from '../../src/index.ts';
import { freshUrl } from '../support/databases.ts';
import { type EventLog, openEngine } from '../support/engine.ts';
import { Running } from '../support/process.ts';
import config, { calm, endless, spin } from './fixtures/blocked.config.mjs';

const CONFIG = new URL('fixtures/blocked.config.mjs', import.meta.url).pathname;

interface Beside {
  db: Database;
  humdrum: Humdrum;
  events: EventLog;
  worker: Running;
}

/** A worker with these jobs, and beside it a process that runs nothing, and rescues whatever is lost. */
async function startWith(jobs: { type: JobType; input?: unknown }[]): Promise<Beside> {
  const url = await freshUrl();
  const db = await openPostgres(url);
  onTestFinished(() => db.close());
  const idle = { queues: ['idle'], leaseMs: 2_000 };
  const { humdrum, events } = await openEngine(db, { jobs: config.jobs, worker: idle });
  await humdrum.enqueueMany(jobs);
  await humdrum.start();
  const worker = new Running(['worker', '--config', CONFIG, '--database', url], {
    env: { LOG_FORMAT: 'json' },
  });
  return { db, humdrum, events, worker };
}

const isOurs = ({ type }: { type: string }): boolean => type.startsWith('test.');
const nine = Array.from({ length: 9 }, () => ({ type: calm }));

it('a handler that computes for longer than a lease keeps it, and is told', async () => {
  const { db, humdrum, events, worker } = await startWith([
    { type: spin, input: { ms: 4_500 } },
    ...nine,
  ]);
  await worker.saying(/spinning/);
  const blocked = `select from humdrum.worker where blocked_since is not null and expires_at > now()`;
  while ((await db.query(blocked)).rows.length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await worker.saying(/because a handler computed without a pause: test.spin/);
  await worker.saying(/completed/, 10);
  expect(await worker.end('SIGTERM')).toBe(0);
  const jobs = (await humdrum.listJobs({ limit: 20 })).filter(isOurs);
  expect(jobs.map(({ status, attempts }) => `${status} ${attempts}`)).toEqual(
    jobs.map(() => 'completed 1'),
  );
  expect(jobs).toHaveLength(10);
  expect(events.count('jobs-rescued')).toBe(0);
}, 60_000);

it('a handler that computes past its own time limit loses the lease of its worker', async () => {
  const { humdrum, events, worker } = await startWith([{ type: endless }, ...nine]);
  await worker.saying(/spinning/);
  await events.until((log) => log.count('jobs-rescued') > 0);
  const jobs = (await humdrum.listJobs({ limit: 20 })).filter(isOurs);
  expect(new Set(jobs.map(({ status, attempts }) => `${status} ${attempts}`))).toEqual(
    new Set(['queued 0']),
  );
  await worker.end('SIGKILL');
}, 60_000);
