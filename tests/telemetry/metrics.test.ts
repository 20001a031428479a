import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createApp } from '../../src/http/app.ts';
import { listen } from '../../src/http/server.ts';
import { PermanentError } from '../../src/index.ts';
import { FAMILIES } from '../../src/telemetry/families.ts';
import { collectMetrics, type MetricsOptions } from '../../src/telemetry/metrics.ts';
import { Tally } from '../../src/telemetry/tally.ts';
import { anyBackend, fresh as freshOn, freshFolder } from '../support/databases.ts';
import { programOrWarning } from '../support/programs.ts';
import { job, openEngine } from '../support/engine.ts';
import { freePort } from '../support/postgres-server.ts';
import { namesIn, samplesOf } from './scrape.ts';

const promtool = programOrWarning('promtool');
const prometheus = programOrWarning('prometheus');

const note = job('test.note', () => null, { aliases: ['test.old-note'] });
const stumble = job(
  'test.stumble',
  (ctx) => {
    if (ctx.job.attempt === 1) throw new Error('once');
    return null;
  },
  { queue: 'slow', retry: { attempts: 2, delayMs: 0 } },
);
const hopeless = job('test.hopeless', () => {
  throw new PermanentError('never');
});
const jobs = [note, stumble, hopeless];

/** Each scrape asks the database anew. */
const NOW: MetricsOptions = { cacheMs: 0 };

anyBackend('metrics', (fresh) => {
  async function open(options: MetricsOptions = NOW) {
    const { humdrum, events } = await openEngine(await fresh(), { jobs });
    const metrics = collectMetrics(humdrum, options);
    const scrape = async () => samplesOf(await metrics.text());
    return { humdrum, events, metrics, scrape };
  }

  it('count what a worker does, by type, queue and outcome', async () => {
    const { humdrum, events, scrape } = await open();
    for (const type of [note, note, stumble, hopeless]) await humdrum.enqueue(type);
    await humdrum.enqueue('test.old-note');
    await humdrum.start();
    await events.settled(6);
    const seen = await scrape();
    const told = (name: string, labels: string) => seen.get(`humdrum_${name}{${labels}}`);
    expect(told('jobs_completed_total', 'queue="default",type="test.note"')).toBe(3);
    expect(told('jobs_completed_total', 'queue="slow",type="test.stumble"')).toBe(1);
    expect(told('jobs_completed_total', 'queue="default",type="test.hopeless"')).toBe(0);
    expect(told('jobs_failed_total', 'queue="default",type="test.hopeless"')).toBe(1);
    expect(told('jobs_failed_total', 'queue="slow",type="test.stumble"')).toBe(0);
    const attempts = (outcome: string) =>
      told('attempts_total', `outcome="${outcome}",queue="slow",type="test.stumble"`);
    expect([attempts('completed'), attempts('failed')]).toEqual([1, 1]);
    expect(told('job_run_seconds_count', 'type="test.stumble"')).toBe(2);
    expect(told('job_wait_seconds_count', 'type="test.stumble"')).toBe(1);
    expect(told('job_run_seconds_bucket', 'le="+Inf",type="test.note"')).toBe(3);
    expect(told('jobs_claimed_total', 'queue="default"')).toBe(4);
    expect(told('jobs_claimed_total', 'queue="slow"')).toBe(2);
    expect(seen.get('humdrum_settlement_batch_jobs_total')).toBe(6);
    expect(seen.get('humdrum_worker_joined')).toBe(1);
    expect(seen.get('humdrum_worker_concurrency')).toBe(10);
    expect(seen.get('humdrum_workers')).toBe(1);
  });

  it('tell where jobs are, whichever process asks', async () => {
    const { humdrum, events, scrape } = await open();
    await humdrum.enqueueMany([{ type: note }, { type: note }, { type: stumble }]);
    await humdrum.enqueue(note, {}, { delayMs: 3_600_000 });
    const before = await scrape();
    expect(before.get('humdrum_queue_ready_jobs{queue="default"}')).toBe(2);
    expect(before.get('humdrum_queue_ready_jobs{queue="slow"}')).toBe(1);
    expect(before.get('humdrum_queue_later_jobs{queue="default"}')).toBe(1);
    expect(before.get('humdrum_queue_oldest_ready_seconds{queue="slow"}')).toBeGreaterThanOrEqual(
      0,
    );
    expect(before.has('humdrum_worker_joined')).toBe(false);
    await humdrum.enqueue(hopeless);
    await humdrum.start();
    await events.settled(5);
    const after = await scrape();
    expect(after.get('humdrum_queue_failed_jobs{queue="default"}')).toBe(1);
    expect(after.get('humdrum_queue_ready_jobs{queue="slow"}')).toBe(0);
    expect(after.get('humdrum_queue_later_jobs{queue="default"}')).toBe(1);
  });

  it('tell what runs, and how long the oldest has waited, on the clock of the database', async () => {
    let letGo = (): void => undefined;
    const going = new Promise<void>((resolve) => (letGo = resolve));
    const linger = job('test.linger', () => going, { atomic: false });
    const { humdrum, events } = await openEngine(await fresh(), { jobs: [linger, note] });
    const metrics = collectMetrics(humdrum, NOW);
    await humdrum.enqueue(linger);
    await humdrum.start();
    await events.until((log) => log.all.some((e) => e.event === 'jobs-claimed' && e.jobs === 1));
    const during = samplesOf(await metrics.text());
    letGo();
    await events.settled(1);
    await humdrum.stop();
    expect(during.get('humdrum_queue_running_jobs{queue="default"}')).toBe(1);
    expect(during.get('humdrum_worker_running_jobs')).toBe(1);
    await humdrum.enqueue(note);
    await humdrum.database.query(
      `create or replace function humdrum.clock() returns timestamptz language sql volatile
       return clock_timestamp() + interval '1 hour'`,
    );
    const later = samplesOf(await metrics.text());
    expect(later.get('humdrum_queue_oldest_ready_seconds{queue="default"}')).toBeGreaterThan(3_599);
    expect(later.get('humdrum_queue_running_jobs{queue="default"}')).toBe(0);
    expect(later.get('humdrum_statistics_lag_events')).toBeGreaterThan(0);
  });

  it('say that the database is down, and guess nothing', async () => {
    const { humdrum, metrics, scrape } = await open();
    await humdrum.enqueue(note);
    expect((await scrape()).get('humdrum_database_up')).toBe(1);
    await humdrum.database.close();
    const down = await scrape();
    expect(down.get('humdrum_database_up')).toBe(0);
    expect(down.has('humdrum_workers')).toBe(false);
    expect([...down.keys()].filter((series) => series.startsWith('humdrum_queue_'))).toEqual([]);
    expect(namesIn(await metrics.text())).toHaveLength(FAMILIES.length);
  });

  it('ask the database once in a while, however often they are scraped', async () => {
    const { humdrum, scrape } = await open({ cacheMs: 3_600_000 });
    await humdrum.enqueue(note);
    expect((await scrape()).get('humdrum_queue_ready_jobs{queue="default"}')).toBe(1);
    await humdrum.enqueue(note);
    expect((await scrape()).get('humdrum_queue_ready_jobs{queue="default"}')).toBe(1);
  });

  it('go into a registry that is given, and count no more when they are stopped', async () => {
    const registry = new Registry();
    const { humdrum, events, metrics, scrape } = await open({ ...NOW, registry });
    metrics.stop();
    await humdrum.enqueue(note);
    await humdrum.start();
    await events.settled(1);
    const completed = 'humdrum_jobs_completed_total{queue="default",type="test.note"}';
    expect((await scrape()).get(completed)).toBe(0);
    expect(await registry.metrics()).toContain('humdrum_jobs_completed_total{');
  });

  it.skipIf(promtool === null)('are as promtool wants them', async () => {
    const { humdrum, events, metrics } = await open();
    await humdrum.enqueueMany([{ type: stumble }, { type: hopeless }, { type: note }]);
    await humdrum.start();
    await events.settled(4);
    const input = await metrics.text();
    expect(execFileSync(promtool ?? '', ['check', 'metrics'], { input }).toString()).toBe('');
  });
});

describe('the metrics of a type that nobody has registered', () => {
  it('are those of "other"', async () => {
    const { humdrum, events } = await openEngine(await freshOn('pglite'), { jobs });
    await humdrum.enqueue(stumble);
    await humdrum.drain();
    const tally = new Tally([note]);
    for (const event of events.all) tally.hear(event);
    expect([...tally.types.keys()]).toEqual(['test.note', 'other']);
    expect(tally.types.get('other')?.queues.get('slow')).toMatchObject({
      completedAttempts: 1,
      failedAttempts: 1,
    });
  });
});

describe('the documentation', () => {
  const guide = readFileSync(new URL('../../docs/guides/telemetry.md', import.meta.url), 'utf8');

  it('lists every metric with its kind, its labels and what it means', () => {
    const rows = [...guide.matchAll(/^\| `(humdrum_\w+)` +\| (\w+) +\| (.*?) *\| (.*?) *\|$/gm)];
    const said = rows.map(([, name, kind, labels, help]) => ({ name, kind, labels, help }));
    const exported = FAMILIES.map(({ name, kind, labels, help }) => ({
      name,
      kind,
      labels: labels.map((label) => `\`${label}\``).join(', '),
      help,
    }));
    expect(said).toEqual(exported);
  });
});

describe.skipIf(prometheus === null)('a real Prometheus', () => {
  it('scrapes them with a key', async () => {
    const { humdrum, events } = await openEngine(await freshOn('postgres'), { jobs });
    const identify = async (request: Request) =>
      request.headers.get('authorization') === 'Bearer prometheus-key'
        ? ({ actor: 'key:prometheus', role: 'viewer', ambient: false } as const)
        : null;
    const app = createApp(humdrum, { identify, metrics: collectMetrics(humdrum, NOW) });
    const server = await listen(app, 0);
    onTestFinished(() => server.close());
    expect((await fetch(`${server.url}/metrics`)).status).toBe(401);
    await humdrum.enqueueMany([{ type: note }, { type: note }]);
    await humdrum.start();
    await events.settled(2);
    const api = await startPrometheus(prometheus ?? '', new URL(server.url).host);
    const query = 'sum(humdrum_jobs_completed_total{type="test.note"})';
    expect(await answerOf(api, query)).toBe(2);
    expect(await answerOf(api, 'humdrum_workers')).toBe(1);
  });
});

async function startPrometheus(program: string, target: string): Promise<string> {
  const folder = await freshFolder();
  const file = join(folder, 'prometheus.yml');
  await writeFile(
    file,
    `scrape_configs:
  - job_name: humdrum
    scrape_interval: 1s
    authorization: { credentials: prometheus-key }
    static_configs: [{ targets: ['${target}'] }]
`,
  );
  const address = `127.0.0.1:${await freePort()}`;
  const server = spawn(
    program,
    [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${address}`,
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  onTestFinished(() => void server.kill('SIGKILL'));
  await new Promise<void>((resolve, reject) => {
    let said = '';
    server.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('Server is ready')) resolve();
    });
    server.once('exit', () => reject(new Error(`Prometheus did not start: ${said}`)));
  });
  return `http://${address}/api/v1`;
}

interface Answer {
  data: { result: { value: [number, string] }[] };
}

/** Until it has scraped once. */
async function answerOf(api: string, query: string): Promise<number> {
  for (;;) {
    const url = `${api}/query?query=${encodeURIComponent(query)}`;
    const { data } = (await (await fetch(url)).json()) as Answer;
    const [first] = data.result;
    if (first) return Number(first.value[1]);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
