import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { freshUrl } from '../support/databases.ts';
import { cli, Running } from '../support/process.ts';
import { DOUBLE, projectWith } from './project.ts';

it('persists a job, from an argument or a file, once for a key, and gives up waiting in time', async () => {
  const cwd = await projectWith(DOUBLE);
  const env = { DATABASE_URL: await freshUrl() };
  const enqueue = (...args: string[]) => cli(['enqueue', 'shop.double', ...args], { cwd, env });
  await writeFile(join(cwd, 'input.json'), '{ "number": 1 }');
  const made = await enqueue('--input', '@input.json', '--unique', 'one', '--json');
  expect(JSON.parse(made.stdout)).toEqual({ id: 1, created: true });
  expect((await enqueue('--unique', 'one')).stdout).toBe(
    'Nothing was enqueued: job 1 has the same key and is still open.\n',
  );
  const late = await enqueue('--delay', '1h', '--wait', '--timeout', '0.1s');
  expect(late).toMatchObject({ code: 8, stdout: '' });
  expect(late.stderr).toMatch(/Job \d is still queued\. It remains open/);
  const shown = await cli(['jobs', 'show', '1', '--json'], { cwd, env });
  expect(JSON.parse(shown.stdout)).toMatchObject({ status: 'queued', input: { number: 1 } });
});

it('run takes its input from a file too, and says whether a failed job is retried', async () => {
  const cwd = await projectWith(`${DOUBLE}, defineJob({
    type: 'shop.fragile',
    input: z.object({}),
    retry: { attempts: 3 },
    run: () => { throw new Error('no luck'); },
  })`);
  const env = { DATABASE_URL: await freshUrl() };
  await writeFile(join(cwd, 'input.json'), '{ "number": 4 }');
  const done = await cli(['run', 'shop.double', '--input', '@input.json'], { cwd, env });
  expect(done.stdout).toMatch(/Job 1, shop\.double: completed in .*[^]*\{"doubled":8\}/);
  expect((await cli(['run', 'shop.fragile'], { cwd, env })).stdout).toMatch(
    /^Job 2, shop\.fragile: failed in \d+ ms\. That was attempt 1 of 3; a worker will retry it\.\n/,
  );
  expect((await cli(['run', 'shop.double'], { cwd, env })).stdout).toMatch(
    /That was attempt 1 of 1; no attempts are left\.\n/,
  );
});

it('does not wait where nobody can run the job', async () => {
  const cwd = await projectWith(DOUBLE);
  const ended = await cli(['enqueue', 'shop.double', '--wait'], { cwd });
  expect(ended).toMatchObject({ code: 2, stdout: '' });
  expect(ended.stderr).toMatch(/No worker can run the job while this command has/);
});

it('tail follows jobs, and ends by Ctrl-C with 130', async () => {
  const cwd = await projectWith(DOUBLE);
  const env = { DATABASE_URL: await freshUrl() };
  const run = (input: string) => cli(['run', 'shop.double', '--input', input], { cwd, env });
  await run('{"number":1}');
  const tail = new Running(['jobs', 'tail'], { cwd, env });
  await tail.saying(/ 1 {2}shop\.double {2}completed {2}1 of 1$/);
  await run('{}');
  await tail.saying(/ 2 {2}shop\.double {2}failed {2}1 of 1 {2}RangeError: there is no number$/);
  expect(tail.lines.filter((line) => line.includes(' 1  shop'))).toHaveLength(1);
  expect(await tail.end('SIGINT')).toBe(130);
});
