import { connect, createServer, type AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { openPostgres } from '../../src/database/postgres.ts';
import type { Database } from '../../src/index.ts';
import { promote } from '../../src/engine/transitions/promote.ts';
import { fresh, freshUrl } from '../support/databases.ts';
import { job, openEngine } from '../support/engine.ts';

const FATAL = 'SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0';

/** A road on which the server's farewell comes together with its answer that says `marker`. */
async function farewellRoad(url: string, marker: string): Promise<string> {
  const target = new URL(url);
  const road = createServer((client) => {
    const server = connect({ host: target.hostname, port: Number(target.port) });
    for (const socket of [client, server]) socket.on('error', () => socket.destroy());
    client.pipe(server);
    server.on('data', (chunk: Buffer) => {
      if (!chunk.includes(marker)) return client.write(chunk);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(FATAL.length + 4);
      client.end(Buffer.concat([chunk, Buffer.from('E'), length, Buffer.from(FATAL)]));
      return server.destroy();
    });
  });
  await new Promise<void>((resolve) => road.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void road.close());
  const other = new URL(url);
  other.port = String((road.address() as AddressInfo).port);
  return other.href;
}

it('a connection that ends just when the next one gets it is no crash', async () => {
  const db = await openPostgres(await farewellRoad(await freshUrl(), 'good-bye'), { max: 1 });
  onTestFinished(() => db.close());
  const last = db.query(`select 'good-bye' as said from pg_sleep(0.2)`);
  await new Promise(setImmediate);
  const next = db.transaction((tx) => tx.query('select 1'));
  await expect(last).resolves.toMatchObject({ rows: [{ said: 'good-bye' }] });
  // It fails with the old connection, or gets a new one: either way nothing crashes, and the database goes on.
  await Promise.allSettled([next]);
  await expect(db.query('select 2 as two')).resolves.toMatchObject({ rows: [{ two: 2 }] });
});

it('a job that is tried again before its worker has heard how it failed is still in its hands', async () => {
  const db = await fresh('postgres');
  let hear = (): void => undefined;
  const heard = new Promise<void>((resolve) => (hear = resolve));
  const failing = job(
    'test.failing',
    async ({ job: { attempt } }) => {
      if (attempt === 1) throw new Error('not yet');
      hear();
      await engine.events.settled(1);
      stopped = engine.humdrum.stop();
      // Whatever a stopping worker gives back it does before it looks at the clock of the database again.
      await db.query('select humdrum.clock()');
      await db.query('select humdrum.clock()');
    },
    { atomic: false },
  );
  let stopped: Promise<void> | undefined;
  const slow = slowAnswers(db, async () => {
    await promote(db);
    await heard;
  });
  const engine = await openEngine(slow, { jobs: [failing], worker: { pollMs: 10 } });
  const { id } = await engine.humdrum.enqueue(failing);
  await engine.humdrum.start();
  await engine.events.settled(2);
  await stopped;
  const { audit } = await engine.humdrum.showJob(id);
  expect(audit.map(({ event }) => event)).toEqual([
    'created',
    'started',
    'failed',
    'retried',
    'started',
    'completed',
  ]);
});

/** The first answer to the settlement of a failure comes when `before` is done. */
function slowAnswers(db: Database, before: () => Promise<void>): Database {
  let first = true;
  return new Proxy(db, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      const call = value.bind(target) as (...given: unknown[]) => unknown;
      if (name !== 'query') return call;
      return async (...given: unknown[]) => {
        const answer = await (call(...given) as Promise<unknown>);
        if (first && String(given[0]).includes('retry_ms')) {
          first = false;
          await before();
        }
        return answer;
      };
    },
  });
}
