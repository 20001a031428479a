import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { freshFolder, freshUrl } from '../support/databases.ts';
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

it('JOB_DRY_RUN=1 makes a whole process rehearse: it takes no job and makes none', async () => {
  const { cwd, env } = await project();
  const key = await cli(['keys', 'create', 'tests', '--role', 'admin'], { cwd, env });
  const humdrum = new Running(['start', '--port', '0'], { cwd, env: { ...env, JOB_DRY_RUN: '1' } });
  await humdrum.saying(/is in dry-run mode \(JOB_DRY_RUN=1\)/);
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
