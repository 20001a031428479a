import { expect, it, onTestFinished } from 'vitest';
import { openPostgres } from '../../src/database/postgres.ts';
import { replayStatus, type AuditEventName } from '../../src/engine/job/lifecycle.ts';
import type { Database } from '../../src/index.ts';
import { Proxy } from '../chaos/proxy.ts';
import { freshUrl, silenceProcesses } from '../support/databases.ts';
import { makeWitness, openEngine, witnessed } from '../support/engine.ts';
import { addNamespaces, noNamespaces, type Namespace } from '../support/namespaces.ts';
import { Running } from '../support/process.ts';
import config, { leaveWordSlowly } from './fixtures/partition.config.mjs';

const JOBS = 300;
const CONFIG = new URL('fixtures/partition.config.mjs', import.meta.url).pathname;
const COMPLETED = /leave-word-slowly completed/;

const missing = noNamespaces();

it.skipIf(missing !== null)(
  `a machine that is cut off for two leases loses nothing and does nothing twice${missing ? ` (skipped: ${missing})` : ''}`,
  { timeout: 120_000 },
  async () => {
    const url = await freshUrl();
    const db = await openPostgres(url);
    onTestFinished(() => db.close());
    await silenceProcesses(db);
    await makeWitness(db);
    const { humdrum } = await openEngine(db, config);
    await humdrum.enqueueMany(
      Array.from({ length: JOBS }, (_, at) => ({
        type: leaveWordSlowly,
        input: { word: `word ${at}` },
      })),
    );
    const machines = await addNamespaces(3);
    const workers = await Promise.all(machines.map((machine) => startWorker(machine, url)));
    const [machine] = machines;
    const [lonely, ...others] = workers;
    if (!machine || !lonely) throw new Error('There are no machines.');

    await Promise.all(workers.map((worker) => worker.saying(COMPLETED, 5)));
    await machine.cut();
    const twoLeases = new Promise((resolve) => setTimeout(resolve, 2 * config.worker.leaseMs));
    await Promise.race(others.map((worker) => worker.saying(/rescued from lost workers/)));
    await lonely.saying(/lost its lease and jobs/); // Nobody can have told it.
    await twoLeases;
    await machine.join();
    await lonely.saying(/worker \d+ started/, 2);
    await untilCompleted(db, workers);

    const words = await witnessed(db);
    expect(words.length).toBe(JOBS);
    expect(new Set(words).size).toBe(JOBS);
    await checkStories(db);
    await Promise.all(workers.map((worker) => worker.end('SIGTERM')));
  },
);

/** On its machine, where the server is found at our end of the wire. */
async function startWorker(machine: Namespace, url: string): Promise<Running> {
  const { hostname: host, port } = new URL(url);
  const door = await Proxy.to({ host, port: Number(port) }, machine.address);
  onTestFinished(() => door.close());
  const there = new URL(url);
  there.hostname = machine.address;
  there.port = String(door.port);
  return new Running(['worker', '--config', CONFIG, '--database', there.href], {
    env: { LOG_FORMAT: 'json' },
    through: machine.through,
  });
}

/** Looks whenever a worker has completed one more. */
async function untilCompleted(db: Database, workers: readonly Running[]): Promise<void> {
  for (;;) {
    const said = workers.map(({ lines }) => lines.filter((line) => COMPLETED.test(line)).length);
    const { rows } = await db.query<{ completed: number }>(
      `select count(*) as completed from humdrum.attempt where status = 'completed'`,
    );
    if (rows[0]?.completed === JOBS) return;
    await Promise.race(workers.map((worker, at) => worker.saying(COMPLETED, (said[at] ?? 0) + 1)));
  }
}

/** Jobs were lost, tried again, and completed once. */
async function checkStories(db: Database): Promise<void> {
  const { rows } = await db.query<{ events: AuditEventName[] }>(
    'select array_agg(event order by id) as events from humdrum.audit group by job_id',
  );
  expect(rows.length).toBe(JOBS);
  for (const { events } of rows) expect(replayStatus(events)).toBe('completed');
  const rescued = rows.filter(({ events }) => events.includes('rescued'));
  expect(rescued.length).toBeGreaterThan(0);
  for (const { events } of rescued) {
    expect(events.filter((event) => event === 'completed')).toHaveLength(1);
  }
}
