import { Client } from 'pg';
import { beforeAll, afterAll, expect, it, onTestFinished } from 'vitest';
import { createHumdrum, type Humdrum } from '../../src/index.ts';
import { EventLog, job } from '../support/engine.ts';
import { type PostgresServer, startPostgres } from '../support/postgres-server.ts';

let server: PostgresServer;
beforeAll(async () => {
  server = await startPostgres({ settings: { max_connections: '60' } });
}, 60_000);
afterAll(() => server.stop());

let databases = 0;

async function freshDatabase(...settings: string[]): Promise<string> {
  const name = `infrastructure_${(databases += 1)}`;
  const client = new Client({ connectionString: server.url });
  await client.connect();
  await client.query(`create database ${name}`);
  for (const setting of settings) await client.query(`alter database ${name} set ${setting}`);
  await client.end();
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  return url.href;
}

/** Writes one row for each run that commits. */
const write = job(
  'infra.write',
  async (ctx) => {
    await ctx.db.query('insert into written (job_id) values ($1)', [ctx.job.id]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    await ctx.db.query('update written set done = true where job_id = $1', [ctx.job.id]);
  },
  { retry: { attempts: 1 } },
);

async function openOn(url: string): Promise<{ humdrum: Humdrum; events: EventLog }> {
  const events = new EventLog();
  const humdrum = await createHumdrum({
    database: url,
    jobs: [write],
    worker: { pollMs: 200 },
    onEvent: (event) => events.add(event),
  });
  onTestFinished(() => humdrum.close());
  return { humdrum, events };
}

async function prepare(url: string, jobs: number): Promise<void> {
  await ask(url, 'create table written (job_id bigint, done boolean not null default false)');
  const { humdrum } = await openOn(url);
  await humdrum.enqueueMany(Array.from({ length: jobs }, () => ({ type: write })));
  await humdrum.close();
}

/** Over a connection of its own, so that no fault of another test reaches it. */
async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('set default_transaction_isolation = "read committed"');
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

const ends = (url: string): Promise<unknown[]> =>
  ask(
    url,
    `select status, count(*)::integer as jobs from humdrum.jobs where type = 'infra.write' group by status order by status`,
  );

const writtenOf = (url: string): Promise<unknown[]> =>
  ask(
    url,
    'select count(*)::integer as rows, count(distinct job_id)::integer as jobs from written where done',
  );

async function untilNoneIsOpen(url: string): Promise<void> {
  const open = `select from humdrum.jobs where type = 'infra.write' and status in ('queued', 'running') limit 1`;
  while ((await ask(url, open)).length > 0)
    await new Promise((resolve) => setTimeout(resolve, 100));
}

it('jobs are not charged for a restart of the server', { timeout: 90_000 }, async () => {
  const url = await freshDatabase();
  await prepare(url, 1_500);
  const { humdrum, events } = await openOn(url);
  await humdrum.start();
  for (const mode of ['fast', 'immediate'] as const) {
    await events.settled(events.count('job-settled') + 200);
    await server.halt?.(mode);
    await new Promise((resolve) => setTimeout(resolve, 700));
    await server.start();
  }
  await untilNoneIsOpen(url);
  await humdrum.stop();
  expect(await ends(url)).toEqual([{ status: 'completed', jobs: 1_500 }]);
  expect(await writtenOf(url)).toEqual([{ rows: 1_500, jobs: 1_500 }]);
});

it('a stricter isolation than usual fails no job', { timeout: 90_000 }, async () => {
  const url = await freshDatabase(`default_transaction_isolation = 'serializable'`);
  await prepare(url, 1_000);
  const workers = [await openOn(url), await openOn(url)];
  for (const { humdrum } of workers) await humdrum.start();
  await untilNoneIsOpen(url);
  expect(await ends(url)).toEqual([{ status: 'completed', jobs: 1_000 }]);
  expect(await writtenOf(url)).toEqual([{ rows: 1_000, jobs: 1_000 }]);
});

it(
  'a start without a free connection says so, and succeeds when there is one',
  { timeout: 60_000 },
  async () => {
    const url = await freshDatabase();
    const hogs: Client[] = [];
    const hog = async (): Promise<boolean> => {
      const client = new Client({ connectionString: url });
      client.on('error', () => undefined);
      return client.connect().then(
        () => hogs.push(client) > 0,
        () => false,
      );
    };
    while (await hog());
    await expect(createHumdrum({ database: url, jobs: [write] })).rejects.toMatchObject({
      code: 'database-unreachable',
      message: expect.stringMatching(/too many clients|connection slots/) as string,
    });
    await Promise.all(hogs.map((client) => client.end()));
    const { humdrum } = await openOn(url);
    await humdrum.enqueue(write);
  },
);
