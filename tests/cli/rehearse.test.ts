import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { freshFolder, freshUrl } from '../support/databases.ts';
import { picks } from '../../src/packs/picks/index.ts';
import { cli, Running } from '../support/process.ts';

const CONFIG = `
import { defineJob } from 'humdrum';
import { z } from 'zod';
export default {
  jobs: [
    defineJob({
      type: 'shop.charge',
      input: z.object({ card: z.string(), cents: z.number() }),
      secrets: ['card'],
      run: (ctx, { card, cents }) => ({ last: card.slice(-4), cents, attempt: ctx.job.attempt }),
    }),
  ],
};
`;
const KEY = Buffer.alloc(32, 7).toString('base64');
const INPUT = '{"card":"4111111111111111","cents":500}';

async function project(): Promise<{ cwd: string; env: Record<string, string> }> {
  const cwd = await freshFolder();
  const root = new URL('../../', import.meta.url);
  const source = CONFIG.replace("'humdrum'", `'${new URL('dist/index.js', root).href}'`).replace(
    "'zod'",
    `'${import.meta.resolve('zod')}'`,
  );
  await writeFile(join(cwd, 'humdrum.config.mjs'), source);
  return { cwd, env: { DATABASE_URL: await freshUrl(), HUMDRUM_SECRET_KEY: KEY } };
}

it('rehearses, runs only by the plan, exports the attempt and replays it', async () => {
  const { cwd, env } = await project();
  const at = ['--at', '2026-03-01T09:00:00Z', '--input', INPUT];
  const dry = await cli(['run', 'shop.charge', ...at, '--dry-run'], { cwd, env });
  const hash = /plan +(\S+)/.exec(dry.stdout)?.[1] ?? '';
  expect(dry.stdout).not.toContain('4111111111111111');
  const refused = await cli(['run', 'shop.charge', ...at, '--if-plan', 'sha256:other'], {
    cwd,
    env,
  });
  expect(refused).toMatchObject({ code: 4, stdout: '' });
  expect(refused.stderr).toMatch(/The plan is now sha256:.*nothing was written/);
  const run = await cli(['run', 'shop.charge', ...at, '--if-plan', hash, '--json'], { cwd, env });
  expect(run.code).toBe(0);
  const { jobId } = JSON.parse(run.stdout) as { jobId: number };
  const exported = await cli(['jobs', 'export', String(jobId)], { cwd, env });
  expect(exported.stdout).not.toContain('4111111111111111');
  await writeFile(join(cwd, 'attempt.json'), exported.stdout);
  const replayed = await cli(['replay', 'attempt.json'], { cwd, env });
  // Its input is without the card: the replay shows what of the result came from there.
  expect(replayed).toMatchObject({ code: 1 });
  expect(replayed.stdout).toMatch(
    /^Replay: differs from the recording: result\. Nothing was written\.[^]*\n\nRecorded:\nresult +\{/,
  );
});

it('JOB_DRY_RUN makes a whole process rehearse: it takes no job and makes none', async () => {
  const { cwd, env } = await project();
  const key = await cli(['keys', 'create', 'tests', '--role', 'admin'], { cwd, env });
  const humdrum = new Running(['start', '--port', '0'], {
    cwd,
    env: { ...env, JOB_DRY_RUN: 'Yes' },
  });
  await humdrum.saying(/is in dry-run mode \(JOB_DRY_RUN\)/);
  const url = (await humdrum.saying(/^listening/)).split(/\s+/)[1] ?? '';
  const trigger = url.replace('jobs/status', 'jobs/trigger/shop.charge');
  const authorization = `Bearer ${/hd_\S+/.exec(key.stdout)?.[0]}`;
  const headers = { 'content-type': 'application/json', authorization };
  const answer: unknown = await (
    await fetch(trigger, { method: 'POST', body: INPUT, headers })
  ).json();
  expect(answer).toMatchObject({
    success: true,
    message: "Job 'shop.charge' rehearsed: nothing was written",
    data: { result: { last: '1111', cents: 500 } },
  });
  expect(JSON.stringify(answer)).not.toContain('4111111111111111');
  expect(await humdrum.end('SIGTERM')).toBe(0);
  const jobs = await cli(['jobs', 'list', '--json'], { cwd, env });
  expect(JSON.parse(jobs.stdout)).toEqual({ jobs: [], next: null });
});

it('JOB_DRY_RUN covers commands, rehearses what it can and refuses the rest', async () => {
  const { cwd, env } = await project();
  const [first, second] = [await enqueued({ cwd, env }), await enqueued({ cwd, env })];
  const dry = async (word: string, ...args: string[]) =>
    cli(args, { cwd, env: { ...env, JOB_DRY_RUN: word, LOG_LEVEL: 'debug' } });
  const refused = { code: 4, stdout: '', stderr: expect.stringMatching(/^\(dry-run\)/m) as string };
  expect(await dry('true', 'enqueue', 'shop.charge', '--input', INPUT)).toMatchObject(refused);
  expect(await dry('on', 'jobs', 'cancel', first, '--reason', 'x')).toMatchObject(refused);
  const all = ['jobs', 'cancel', '--all', '--reason', 'x', '--yes'];
  expect(await dry('TRUE', ...all)).toMatchObject(refused);
  // The server is not asked: it does not know the mode of this process.
  const elsewhere = ['--url', 'http://127.0.0.1:1', '--reason', 'x'];
  expect(await dry('1', 'jobs', 'retry', second, ...elsewhere)).toMatchObject(refused);
  expect((await dry('yes', 'run', 'shop.charge', '--input', INPUT)).stdout).toMatch(/^Dry run of/);
  expect((await dry('off', ...all)).stdout).toMatch(/^2 of 2 jobs are cancelled/);
  for (const command of [['run', 'shop.charge'], ['jobs', 'list'], ['check'], ['start']]) {
    const { code, stderr } = await dry('ja', ...command);
    expect({ code, stderr }).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/JOB_DRY_RUN must be 1, true, yes or on.*not "ja"/) as string,
    });
  }
});

async function enqueued(where: { cwd: string; env: Record<string, string> }): Promise<string> {
  const { stdout } = await cli(['enqueue', 'shop.charge', '--input', INPUT, '--json'], where);
  return String((JSON.parse(stdout) as { id: number }).id);
}

it('JOB_DRY_RUN imports nothing, and says what it would import', async () => {
  const cwd = await freshFolder();
  const env = { DATABASE_URL: await freshUrl({ packs: [picks] }) };
  const header =
    'season,week,date,home_team,away_team,home_score,away_score,home_line,total_line,neutral_site';
  const games = join(cwd, 'games.csv');
  await writeFile(games, `${header}\n2019,1,2019-09-08,ATL,BUF,20,17,-3,44.5,false\n`);
  const dry = await cli(['picks', 'import-games', games], {
    cwd,
    env: { ...env, JOB_DRY_RUN: '1' },
  });
  expect(dry.stderr).toMatch(/all of this was rolled back/);
  const done = await cli(['picks', 'import-games', games], { cwd, env });
  expect(done).toMatchObject({ stdout: dry.stdout, stderr: '' });
});
