import { readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { freshFolder, freshUrl } from '../support/databases.ts';
import { cli, Running } from '../support/process.ts';
import { PACKS, projectWith } from './project.ts';

const HEADER =
  'season,week,date,home_team,away_team,home_score,away_score,home_line,total_line,neutral_site';
const ROW = '2010,1,2010-09-09,New Orleans Saints,Minnesota Vikings,14,9,-5.0,49.5,false';

describe('start with no configuration', () => {
  it('loads the sample, settles it, answers, keeps others out, and stops cleanly', async () => {
    const cwd = await freshFolder();
    const humdrum = new Running(['start', '--port', '0'], { cwd });
    await humdrum.saying(/sample .*2,\d\d\d games/);
    await humdrum.saying(/^next/);
    await humdrum.saying(/UTC {2}picks\.settle-games$/);
    await humdrum.saying(/picks\.settle-games completed: Settled 1\d,\d\d\d bets/);
    const url = (await humdrum.saying(/^listening/)).split(/\s+/)[1] ?? '';
    expect((await fetch(url)).status).toBe(401);
    const link = new URL((await humdrum.saying(/^log in/)).split(/\s+/)[2] ?? '');
    const entered = await fetch(link, { method: 'POST', body: new URLSearchParams(link.search) });
    const cookie = entered.headers.get('set-cookie')?.split(';')[0] ?? '';
    await humdrum.saying(/INFO: (?:picks|quiz|arcade)\.\S+ completed: /, 10); // each job of each pack
    const status = await fetch(url, { headers: { cookie } });
    const { data } = (await status.json()) as { data: { stats: Record<string, number> } };
    expect(data.stats.failedExecutions).toBe(0);
    expect(data.stats.successfulExecutions).toBeGreaterThanOrEqual(10);

    const second = await cli(['jobs', 'list'], { cwd });
    expect(second).toMatchObject({ code: 6, stdout: '' });
    expect(second.stderr).toMatch(
      /Process \d+ has opened the embedded database in .*humdrum.data, and only one process can use it at a time\. Use it through --url http:\/\/127\.0\.0\.1:\d+,/,
    );

    const run = await cli(['run', 'picks.settle-games'], { cwd });
    expect(run.stderr).toMatch(
      /To run the job on that server: humdrum enqueue TYPE --wait --url http:\/\/127\.0\.0\.1:\d+\. Or stop it first\./,
    );
    for (const command of [['db', 'status'], ['worker']]) {
      const { stderr } = await cli(command, { cwd });
      expect(stderr).toMatch(/This command cannot use a running server, so stop it first\./);
    }

    expect(await humdrum.end('SIGTERM')).toBe(0);
    const after = await cli(['history', '--json'], { cwd });
    expect(after.code).toBe(0);
    const { executions } = JSON.parse(after.stdout) as { executions: { name: string }[] };
    expect(executions.map(({ name }) => name)).toContain('picks.settle-games');

    const again = new Running(['start', '--port', '0'], { cwd });
    await again.saying(/^next/);
    expect(again.lines.some((line) => line.startsWith('sample'))).toBe(false);
    expect(await again.end('SIGINT')).toBe(0);
  });
});

describe('the road of a bet', () => {
  it('goes from a file to a settled balance, and is told at each step', async () => {
    const cwd = await freshFolder();
    await writeFile(join(cwd, 'games.csv'), `${HEADER}\n${ROW}\n`);
    const env = { DATABASE_URL: await freshUrl({ packs: PACKS }) };
    const run = async (...args: string[]) => {
      const { code, stdout, stderr } = await cli(args, { cwd, env });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return stdout;
    };
    expect(await run('picks', 'import-games', 'games.csv')).toBe(
      '1 game: 1 new, 0 updated, 0 unchanged.\n',
    );
    expect(await run('picks', 'place-bets')).toMatch(/^6 bets on 1 game by 1 player\.\n$/);
    const dry = JSON.parse(await run('run', 'picks.settle-games', '--dry-run', '--json')) as {
      plan: { hash: string };
    };
    expect(dry).toMatchObject({ dryRun: true, success: true, affected: 6 });
    const real = JSON.parse(await run('run', 'picks.settle-games', '--json')) as {
      plan: { hash: string };
      jobId: number;
    };
    expect(real).toMatchObject({ dryRun: false, success: true, affected: 6 });
    expect(real.plan.hash).toBe(dry.plan.hash);
    expect(await run('jobs', 'list')).toMatch(/picks\.settle-games +completed +1 of 5/);
    expect(await run('jobs', 'stats')).toMatch(/picks\.settle-games +1 +1 +0 +0 +\d+ ms/);
    const shown = await run('jobs', 'show', String(real.jobId));
    expect(shown).toMatch(/status +completed/);
    expect(shown).toMatch(/1 × picks\.game-settled/);
    const refused = await cli(['jobs', 'retry', String(real.jobId), '--reason', 'why not'], {
      env,
    });
    expect(refused).toMatchObject({ code: 4, stdout: '' });
    expect(refused.stderr).toMatch(/Job \d+ is completed, so it cannot be retried\.\n$/);
    expect(await run('audit', 'show', String(real.jobId))).toMatch(
      /created[^]*started[^]*completed/,
    );
    expect(await run('history')).toMatch(/picks\.settle-games/);
  });
});

describe('a process of its own', () => {
  const NEVER = `defineJob({ type: 'a.never', input: z.object({}), schedule: { cron: '0 0 0 1 1 * 2020' }, run: () => null })`;

  it.each([
    [['--version'], 0, /^\d+\.\d+\.\d+\n$/, /^$/],
    [['--help'], 0, /^Usage: humdrum [^]*\n {2}enqueue /, /^$/],
    [['jobs', 'list'], 0, /^No matching jobs\.\n$/, /^$/],
    [
      ['check'],
      1,
      /^type .*\na\.never .* never fires again\.\n/,
      /^humdrum: a\.never: .* never fires again\.\n$/,
    ],
    [['jbos'], 2, /^$/, /^humdrum: unknown command 'jbos'\n\(Did you mean jobs\?\)\n/],
    [['jobs', 'show', '77'], 3, /^$/, /^humdrum: There is no job 77/],
  ] as const)('humdrum %j', async (args, code, stdout, stderr) => {
    const options = { cwd: await projectWith(NEVER), env: { DATABASE_URL: await freshUrl() } };
    const ended = await cli(args, { ...options, alone: true });
    expect(ended).toMatchObject({ code });
    expect(ended.stdout).toMatch(stdout);
    expect(ended.stderr).toMatch(stderr);
    // What the other tests rely on: a command that runs in a process with others says and answers the same.
    expect(await cli(args, options)).toEqual(ended);
  });
});

describe('what is wrong is told clearly', () => {
  it.each([
    [
      ['run', 'picks.setle-games'],
      3,
      /There is no job type "picks\.setle-games"\. Did you mean "picks\.settle-games"\?/,
    ],
    [['run', 'picks.settle-games', '--input', '{"limit": "all"}'], 2, /limit: .*expected number/],
    [['run', 'picks.settle-games', '--input', '{half'], 2, /--input is not JSON/],
    [['run', 'picks.settle-games', '--at', 'soon'], 2, /instant such as 2026/],
    [['run', 'picks.settle-games', '--at', '2999-01-01'], 2, /is in the future/],
    [['jobs', 'show', '77'], 3, /There is no job 77/],
    [['jobs', 'cancel', '7'], 2, /Give a reason with --reason/],
    [['jobs', 'cancel', '77', '--reason', 'old'], 3, /There is no job 77/],
    [['jobs', 'show', 'x'], 2, /whole number/],
    [['jobs', 'list', '--status', 'paused'], 2, /queued, running, completed, failed, cancelled/],
    [['jobs', 'list', '--attribute', 'tenant'], 2, /a path and a value/],
    [
      ['jobs', 'list', '--attribute', 'tenant=acme'],
      2,
      /Cannot filter by `tenant`\. Add `attributes: \['tenant'\]` to the job type\./,
    ],
    [
      ['jobs', 'list', '--after', 'hello'],
      2,
      /--after takes the value printed below the previous page/,
    ],
    [['jbos'], 2, /Did you mean jobs/],
    [['--config', 'nowhere.mjs', 'jobs', 'list'], 2, /Configuration file .* does not exist/],
    [['picks', 'import-games', 'nowhere.csv'], 1, /nowhere\.csv/],
  ] as const)('humdrum %j', async (args, code, message) => {
    const ended = await cli(args, {
      cwd: await freshFolder(),
      env: { DATABASE_URL: await freshUrl({ packs: PACKS }) },
    });
    expect(ended.stderr).toMatch(message);
    expect(ended).toMatchObject({ code, stdout: '' });
    expect(ended.stderr).not.toMatch(/ at .*\.js:\d+/);
  });

  it('a bad row of a CSV: line and column, and nothing is imported', async () => {
    const cwd = await freshFolder();
    const env = { DATABASE_URL: await freshUrl({ packs: PACKS }) };
    const bad = ROW.replace(',14,', ',fourteen,').replace('Saints', 'Saint');
    await writeFile(join(cwd, 'games.csv'), [HEADER, ROW, bad].join('\n'));
    const ended = await cli(['picks', 'import-games', 'games.csv'], { cwd, env });
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(
      /games\.csv: line 3, column home_score: "fourteen" is not a whole number/,
    );
    await writeFile(join(cwd, 'games.csv'), [HEADER, ROW].join('\n'));
    const fixed = await cli(['picks', 'import-games', 'games.csv'], { cwd, env });
    expect(fixed.stdout).toMatch(/^1 game: 1 new/);
  });

  it('environment variables that make no sense', async () => {
    const cwd = await freshFolder();
    const port = await cli(['start'], { cwd, env: { PORT: 'abc' } });
    expect(port.code).toBe(2);
    expect(port.stderr).toMatch(/PORT.*Expected a port from 0 to 65535/);
    const level = await cli(['worker'], { cwd, env: { LOG_LEVEL: 'loud' } });
    expect(level.code).toBe(2);
    expect(level.stderr).toMatch(/LOG_LEVEL must be one of .*not "loud"/);
    // Empty is as if it were not set.
    const empty = await cli(['jobs', 'list'], { cwd, env: { DATABASE_URL: '' } });
    expect(empty.stderr).toMatch(/There is no database in \.humdrum.data/);
  });

  it('a database that does not answer', async () => {
    const args = ['jobs', 'list', '--database', 'postgres://127.0.0.1:1/none'];
    const ended = await cli(args, { alone: true });
    expect(ended.code).toBe(6);
    expect(ended.stderr).toMatch(/Cannot reach PostgreSQL at 127\.0\.0\.1:1\/none: .*ECONNREFUSED/);
    expect(await cli(args)).toEqual(ended);
  });

  it('a configuration that exports nothing', async () => {
    const listWith = async (config: string) => {
      const cwd = await freshFolder();
      await writeFile(join(cwd, 'humdrum.config.mjs'), config);
      return cli(['jobs', 'list'], { cwd });
    };
    expect((await listWith('export default { job: [] };')).stderr).toMatch(
      /has an unknown setting "job"\. Did you mean "jobs"\?/,
    );
    const ended = await listWith('export const jobs = [];');
    expect(ended.code).toBe(2);
    expect(ended.stderr).toMatch(
      /has no default export that is an object\. Expected: export default/,
    );
  });
});

it('a process whose embedded database was removed ends, and says so', async () => {
  const cwd = await freshFolder();
  const folder = join(cwd, 'data');
  const running = new Running(['worker', '--database', folder], { cwd });
  await running.saying(/worker 1 started/);
  await rename(folder, `${folder}-aside`);
  await running.saying(/^humdrum: The folder of the embedded database, .* was removed or replaced/);
  await running.ended;
  expect(await running.end('SIGTERM')).toBe(1);
  expect(await readdir(cwd)).not.toContain('data');
});
