import { setImmediate } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { openPostgres } from '../../src/database/postgres.ts';
import { createHumdrum } from '../../src/index.ts';
import { freshUrl } from '../support/databases.ts';
import { job } from '../support/engine.ts';
import { cli, type Ended, Running } from '../support/process.ts';
import { DOUBLE, projectWith } from './project.ts';

const FRAGILE = `defineJob({
  type: 'shop.fragile',
  input: z.object({}),
  retry: { attempts: 1 },
  run: () => {
    throw new TypeError('it broke');
  },
})`;

it('many jobs are counted by type and error, then retried or cancelled with a reason', async () => {
  const cwd = await projectWith(`${DOUBLE}, ${FRAGILE}`);
  const env = { DATABASE_URL: await freshUrl() };
  const run = (...args: string[]): Promise<Ended> => cli(args, { cwd, env });
  await run('run', 'shop.double');
  await run('run', 'shop.double');
  await run('run', 'shop.fragile');

  const looked = await run('jobs', 'retry', '--all', '--dry-run');
  expect(looked).toMatchObject({ code: 0, stderr: 'To proceed, add: --yes --reason TEXT\n' });
  expect(looked.stdout).toMatch(
    /^3 jobs would be retried\.\nquery: \{"status":\["failed"\]\}\n\njobs {2}type\n +2 {2}shop\.double\n +1 {2}shop\.fragile\n\njobs {2}last error\n +2 {2}RangeError\n +1 {2}TypeError\n$/,
  );
  expect(await run('jobs', 'retry', '--all', '--yes')).toMatchObject({ code: 2, stdout: '' });
  expect(await run('jobs', 'retry', '--all', '--dry-run', '--yes')).toMatchObject({ code: 2 });
  const misspelt = await run('jobs', 'retry', '--type', 'shop.fragil');
  expect(misspelt.stdout).toBe(
    '0 jobs would be retried.\nquery: {"status":["failed"],"type":["shop.fragil"]}\n',
  );
  expect(misspelt.stderr).toMatch(/Did you mean "shop\.fragile"\?/);

  const why = ['--yes', '--reason', 'numbers are here now'];
  expect(await run('jobs', 'retry', '--error', 'NO NUMBER', ...why)).toEqual({
    code: 0,
    stdout: '2 of 2 jobs are retried.\n',
    stderr: '',
  });
  const cancelled = await run('jobs', 'cancel', '--type', 'shop.fragile', ...why, '--json');
  expect(JSON.parse(cancelled.stdout)).toEqual({ action: 'cancel', done: 1, of: 1, next: null });

  const counted = JSON.parse(
    (await run('jobs', 'list', '--status', 'queued', '--json')).stdout,
  ) as {
    jobs: unknown[];
  };
  expect(counted.jobs).toHaveLength(2);
  const found = await run('audit', 'search', '--event', 'retried', '--actor', 'cli:*');
  expect(found.stdout.match(/retried .*numbers are here now/g)).toHaveLength(2);
});

it('a list and a bulk act take the same flags, with the same meaning', async () => {
  const cwd = await projectWith(`${DOUBLE}, ${FRAGILE}`);
  const env = { DATABASE_URL: await freshUrl() };
  const run = (...args: string[]): Promise<Ended> => cli(args, { cwd, env });
  await run('run', 'shop.double');
  await run('run', 'shop.fragile');
  const listed = JSON.parse((await run('jobs', 'list', '--json', '--id', '2')).stdout) as {
    jobs: { createdAt: string; finishedAt: string }[];
  };
  const { createdAt = '', finishedAt = '' } = listed.jobs[0] ?? {};
  const before = (at: string): string => new Date(Date.parse(at) - 1).toISOString();
  const after = (at: string): string => new Date(Date.parse(at) + 1).toISOString();
  for (const [flags, found] of [
    [['--created-from', before(createdAt), '--created-to', after(createdAt)], 1],
    [['--finished-from', before(finishedAt), '--status', 'failed', 'queued'], 1],
    [['--finished-to', before(finishedAt), '--type', 'shop.fragile'], 0],
    [['--created-after', before(createdAt), '--queue', 'default'], 1],
    [['--id', '2', '--id', '1', '--error-class', 'TypeError'], 1],
    [['--error', 'BROKE', '--type', 'shop.double', 'shop.fragile'], 1],
  ] as const) {
    const list = await run('jobs', 'list', ...flags, '--json');
    const { jobs } = JSON.parse(list.stdout) as { jobs: { id: number }[] };
    expect(jobs, flags.join(' ')).toHaveLength(found);
    const preview = await run('jobs', 'retry', ...flags, '--json');
    expect(JSON.parse(preview.stdout), flags.join(' ')).toMatchObject({
      count: found,
      query: { status: ['failed'] },
    });
    const renamed = flags[0] === '--created-after';
    expect(list.stderr).toBe(renamed ? 'humdrum: --created-after is now --created-from.\n' : '');
  }
});

it('types, queues and workers are told in tables', async () => {
  const cwd = await projectWith(`${DOUBLE}, ${FRAGILE}`);
  const env = { DATABASE_URL: await freshUrl() };
  const run = (...args: string[]): Promise<Ended> => cli(args, { cwd, env });
  expect((await run('types')).stdout).toMatch(/^type .*\nshop\.double +default +1/);
  expect((await run('types', 'shop.double')).stdout).toMatch(/retry +1 attempts/);
  expect(await run('types', 'shop.duoble')).toMatchObject({ code: 3, stdout: '' });
  await run('enqueue', 'shop.double');
  expect((await run('queues')).stdout).toMatch(/^queue +ready .*\ndefault +1 +0 +0 +0 +0 +0/);
  expect((await run('workers')).stdout).toBe('No workers.\n');
});

it('Ctrl-C ends a bulk act after the current batch, and says how many were done', async () => {
  const cwd = await projectWith(`${DOUBLE}, ${FRAGILE}`);
  const url = await freshUrl();
  const db = await openPostgres(url);
  onTestFinished(() => db.close());
  await fill(url, 5_000);
  const blocker = await db.begin();
  // In the second batch of 2,000.
  await blocker.query('select from humdrum.ready where job_id = 2500 for update');
  const args = ['jobs', 'cancel', '--all', '--yes', '--reason', 'enough'];
  const running = new Running(args, { cwd, env: { DATABASE_URL: url } });
  await until(db, `select from pg_locks where not granted`);
  const ended = running.end('SIGINT');
  await running.saying(/Ending after the current batch/);
  await blocker.rollback();
  expect(await ended).toBe(130);
  expect(running.lines).toContain('4,000 of 5,000 jobs are cancelled.');
  expect(running.lines).toContain('The rest is left as it was. To go on, run the command again.');
  const { rows } = await db.query('select count(*) as left from humdrum.ready');
  expect(rows).toEqual([{ left: 1_000 }]);
});

async function fill(url: string, jobs: number): Promise<void> {
  const humdrum = await createHumdrum({ database: url, jobs: [job('shop.double', () => null)] });
  await humdrum.enqueueMany(Array.from({ length: jobs }, () => ({ type: 'shop.double' })));
  await humdrum.close();
}

async function until(db: Database, query: string): Promise<void> {
  while ((await db.query(query)).rows.length === 0) await setImmediate();
}
