import { describe, expect, it, onTestFinished } from 'vitest';
import { openPostgres } from '../../src/database/postgres.ts';
import type { Database, Humdrum } from '../../src/index.ts';
import { freshUrl } from '../support/databases.ts';
import { job, makeWitness, openEngine, witnessed, type EventLog } from '../support/engine.ts';
import { urlFor } from './fleet.ts';
import { Proxy, StatementReader } from './proxy.ts';

const JOBS = 3;

/** A database, the same one behind a proxy, and the proxy. */
async function twoRoads(): Promise<{ direct: Database; proxied: Database; proxy: Proxy }> {
  const url = await freshUrl();
  const { hostname: host, port } = new URL(url);
  const proxy = await Proxy.to({ host, port: Number(port) });
  const direct = await openPostgres(url);
  const proxied = await openPostgres(urlFor(url, 'test', proxy.port));
  onTestFinished(async () => {
    await Promise.all([direct.close(), proxied.close()]);
    await proxy.close();
  });
  return { direct, proxied, proxy };
}

const write = job('test.write', async (ctx) => {
  await ctx.db.query('insert into witness values ($1)', [String(ctx.job.id)]);
});

/** Looks whenever the worker has told something. */
async function untilCompleted(humdrum: Humdrum, ids: number[], events: EventLog): Promise<void> {
  for (;;) {
    const seen = events.all.length;
    const shown = await Promise.all(ids.map((id) => humdrum.showJob(id)));
    if (shown.every(({ status }) => status === 'completed')) return;
    await events.until((log) => log.all.length > seen);
  }
}

describe('an answer that is lost on its way', () => {
  for (const of of ['claim', 'settle', 'commit'] as const) {
    it(`to a ${of} leaves each job with its effect once`, { timeout: 20_000 }, async () => {
      const { direct, proxied, proxy } = await twoRoads();
      await makeWitness(direct);
      const producer = await openEngine(direct, { jobs: [write] });
      const ids = await producer.humdrum.enqueueMany(
        Array.from({ length: JOBS }, () => ({ type: write })),
      );
      // A lease so long that nobody is rescued here.
      const worker = { leaseMs: 3_600_000, pollMs: 100 };
      const { humdrum, events } = await openEngine(proxied, { jobs: [write], worker });
      const lost = new Promise<void>((dropped) => proxy.dropNext(of, dropped));
      await humdrum.start();
      await lost;
      await untilCompleted(producer.humdrum, ids, events);
      expect(await witnessed(direct)).toEqual(ids.map(String).toSorted());
      await humdrum.stop();
    });
  }
});

/** Longer than a test may take. */
const FOR_EVER_MS = 600_000;

describe('a road that is shut', () => {
  it(
    'does not keep a worker from knowing that it has lost its lease',
    { timeout: 30_000 },
    async () => {
      const { direct, proxied, proxy } = await twoRoads();
      let begun = (): void => undefined;
      const running = new Promise<void>((resolve) => (begun = resolve));
      let told = (_reason: unknown): void => undefined;
      const aborted = new Promise((resolve) => (told = resolve));
      const waiting = job(
        'test.waiting',
        (ctx) =>
          new Promise((_, reject) => {
            ctx.signal.addEventListener('abort', () => {
              told(ctx.signal.reason);
              reject(new Error('aborted'));
            });
            begun();
          }),
      );
      const producer = await openEngine(direct, { jobs: [waiting] });
      await producer.humdrum.enqueue(waiting, {});
      const worker = { leaseMs: 1_000, pollMs: 100 };
      const { humdrum, events } = await openEngine(proxied, { jobs: [waiting], worker });
      onTestFinished(() => proxy.leaveAlone());
      await humdrum.start();
      await running;
      const shut = new Promise<void>((struck) => proxy.holdNext('heartbeat', FOR_EVER_MS, struck));
      await shut;
      expect(await aborted).toMatchObject({ message: 'The worker has lost its lease.' });
      expect(events.count('lease-lost')).toBe(1);
      proxy.leaveAlone();
      await events.until((log) => log.count('worker-started') === 2);
    },
  );

  it('at the end of a job does not keep others from its rescue', { timeout: 60_000 }, async () => {
    const { direct, proxied, proxy } = await twoRoads();
    await makeWitness(direct);
    const worker = { leaseMs: 1_000, pollMs: 100 };
    const other = await openEngine(direct, { jobs: [write], worker });
    const { id } = await other.humdrum.enqueue(write, {});
    const { humdrum } = await openEngine(proxied, { jobs: [write], worker });
    onTestFinished(() => proxy.leaveAlone());
    const shut = new Promise<void>((struck) => proxy.holdNext('commit', FOR_EVER_MS, struck));
    await humdrum.start();
    await shut;
    await other.humdrum.start();
    await untilCompleted(other.humdrum, [id], other.events);
    const { attemptRecords } = await other.humdrum.showJob(id);
    expect(attemptRecords.map(({ errorClass }) => errorClass)).toEqual(['WorkerLost', null]);
    expect(await witnessed(direct)).toEqual([String(id)]);
  });
});

describe('what a client sends', () => {
  it('is read statement by statement, however it is cut into pieces', () => {
    const sent = Buffer.concat([
      startUp(),
      message('Q', 'begin\0'),
      message('P', `\0insert into note values ('${'x'.repeat(20_000)}')\0`),
      message('B', 'commit\0\0'),
      message('P', 'mine\0update note set text = 1\0'),
      message('B', '\0mine\0'),
      message('B', '\0mine\0'),
      message('Q', 'commit\0'),
    ]);
    for (const size of [1, 7, 1_000, sent.length]) {
      const found: string[] = [];
      const reader = new StatementReader((statement) => found.push(statement.slice(0, 16)));
      for (let from = 0; from < sent.length; from += size) {
        reader.read(sent.subarray(from, from + size));
      }
      expect(found).toEqual([
        'begin',
        'insert into note',
        'update note set ',
        'update note set ',
        'commit',
      ]);
    }
  });
});

/** The first message has no type. */
function startUp(): Buffer {
  return message('', '\0\x03\0\0user\0postgres\0\0');
}

function message(type: string, body: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), length, Buffer.from(body)]);
}
