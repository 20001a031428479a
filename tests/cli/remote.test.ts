import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { endpoints } from '../../src/http/contract/index.ts';
import { freshUrl } from '../support/databases.ts';
import { cli, Running, type Ended } from '../support/process.ts';
import { DOUBLE, projectWith } from './project.ts';

/** A server that has its database open, and commands that ask it. The database is the embedded one where none is named. */
async function serving(database: Record<string, string>): Promise<{
  cwd: string;
  url: string;
  key: string;
  humdrum: Running;
  ask: (...args: string[]) => Promise<Ended>;
}> {
  const cwd = await projectWith(DOUBLE);
  await cli(['db', 'migrate'], { cwd, env: database });
  const made = await cli(['keys', 'create', 'tests', '--role', 'admin'], { cwd, env: database });
  const key = /hd_\S+/.exec(made.stdout)?.[0] ?? '';
  const env = { HUMDRUM_KEY: key };
  const humdrum = new Running(['start', '--port', '0'], { cwd, env: database });
  const url = new URL((await humdrum.saying(/^listening/)).split(/\s+/)[1] ?? '').origin;
  const ask = async (...args: string[]) => cli([...args, '--url', url], { cwd, env });
  return { cwd, url, key, humdrum, ask };
}

const JSON_OF: readonly (readonly [endpoint: string, ...args: string[]])[] = [
  ['listJobs', 'jobs', 'list'],
  ['showJob', 'jobs', 'show', '1'],
  ['whyJob', 'jobs', 'why', '1'],
  ['statistics', 'jobs', 'stats'],
  ['previewBulk', 'jobs', 'retry', '--all'],
  ['enqueueJob', 'enqueue', 'shop.double', '--input', '{"number":1}', '--delay', '1h'],
  ['listTypes', 'types'],
  ['listQueues', 'queues'],
  ['listWorkers', 'workers'],
  ['listSchedules', 'schedules', 'list'],
  ['jobsHistory', 'history'],
  ['listAlerts', 'alerts', 'list'],
  ['testAlerts', 'alerts', 'test'],
  ['searchAudit', 'audit', 'search'],
  ['verifyAudit', 'audit', 'verify'],
  ['listKeys', 'keys', 'list'],
  ['listUsers', 'users', 'list'],
];

describe('commands on a running server', () => {
  it('enqueue and wait, look, act, and answer as the API does', async () => {
    const { cwd, url, key, ask } = await serving({});
    expect(await ask('enqueue', 'shop.double', '--input', '{"number":21}', '--wait')).toEqual({
      code: 0,
      stdout: '{\n  "doubled": 42\n}\n',
      stderr: 'Job 1 is queued. Waiting for it to end.\n',
    });
    const failed = await ask('enqueue', 'shop.double', '--wait');
    expect(failed).toMatchObject({ code: 7, stdout: '' });
    expect(failed.stderr).toContain('Job 2 is failed. RangeError: there is no number');

    const listed = await ask('jobs', 'list', '--status', 'failed', '--json');
    const headers = { authorization: `Bearer ${key}` };
    const answer = await fetch(`${url}/api/v1/jobs?status=failed`, { headers });
    const { data } = (await answer.json()) as { data: unknown };
    expect(JSON.parse(listed.stdout)).toEqual(data);

    expect((await ask('jobs', 'why', '2')).stdout).toMatch(
      /^Job 2 has failed: attempt 1 of 1 ended with RangeError: there is no number\. Retry it or cancel it\.$/m,
    );
    expect((await ask('jobs', 'cancel', '2', '--reason', 'no number')).stdout).toBe(
      'Job 2 is cancelled.\n',
    );
    const refused = await ask('jobs', 'retry', '2', '--reason', 'why not');
    expect(refused).toMatchObject({ code: 4, stdout: '' });
    expect((await ask('audit', 'show', '2')).stdout).toMatch(/cancelled .*no number/);
    expect((await ask('jobs', 'show', '77')).code).toBe(3);
    const nobody = await cli(['jobs', 'list', '--url', url], { cwd, env: { HUMDRUM_KEY: '' } });
    expect(nobody).toMatchObject({ code: 5, stdout: '' });
    expect(nobody.stderr).toMatch(/Pass it with HUMDRUM_KEY or --key-file FILE/);
    const stranger = await cli(['jobs', 'list', '--url', url], { cwd, env: { HUMDRUM_KEY: 'no' } });
    expect(stranger).toMatchObject({ code: 5, stdout: '' });
    expect(stranger.stderr).toMatch(/does not accept this key/);
    expect((await ask('history')).stdout).toMatch(/shop\.double +completed/);
  });

  it('print with --json what the API answers, by its schemas', async () => {
    const { ask } = await serving({ DATABASE_URL: await freshUrl() });
    await ask('enqueue', 'shop.double', '--input', '{"number":21}', '--wait');
    for (const [name, ...args] of JSON_OF) {
      const { answer } = endpoints.find((one) => one.name === name) ?? {};
      const { code, stdout } = await ask(...args, '--json');
      expect([name, code]).toEqual([name, 0]);
      const decoded = answer && z.safeDecode(answer, JSON.parse(stdout) as never);
      expect([name, decoded?.error?.issues]).toEqual([name, undefined]);
      expect([name, decoded?.success]).toEqual([name, true]);
    }
  }, 240_000);

  it('give and take keys, and say who may come in', async () => {
    const { url, key, ask } = await serving({ DATABASE_URL: await freshUrl() });
    const made = await ask('keys', 'create', 'ci', '--role', 'viewer', '--scope', 'jobs:read');
    expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(/^hd_/) as string });
    const secret = made.stdout.trim();
    const limited = (...args: string[]) =>
      cli([...args, '--url', url], { env: { HUMDRUM_KEY: secret } });
    expect((await limited('jobs', 'list')).code).toBe(0);
    expect(await limited('queues')).toEqual({
      code: 5,
      stdout: '',
      stderr:
        'humdrum: This needs the scope queues:read, but this key is limited to jobs:read. Use a key with that scope. Create one with: humdrum keys create NAME --role ROLE --scope queues:read\n',
    });
    const answer = await fetch(`${url}/api/v1/access/keys`, {
      headers: { authorization: `Bearer ${key}` },
    });
    const { data } = (await answer.json()) as { data: unknown };
    expect(JSON.parse((await ask('keys', 'list', '--json')).stdout)).toEqual(data);
    const id = secret.slice(3, 15);
    expect((await ask('keys', 'revoke', id, '--reason', 'done')).code).toBe(0);
    expect((await limited('jobs', 'list')).code).toBe(5);
    expect((await ask('users', 'list')).stdout).toBe('No accounts.\n');
    expect(await ask('users', 'disable', 'ada')).toMatchObject({ code: 3, stdout: '' });
    const told = await ask('audit', 'search', '--event', 'revoked');
    expect(told.stdout).toMatch(/key:tests from 127\.0\.0\.1 .*key ci \(.*\): done/);
  });

  it('follow jobs, and go on when the server has been away', async () => {
    const env = { DATABASE_URL: await freshUrl() };
    const { cwd, url, key, ask, humdrum } = await serving(env);
    const asking = { cwd, env: { HUMDRUM_KEY: key } };
    const tail = new Running(['jobs', 'tail', '--url', url, '--type', 'shop.double'], asking);
    await ask('enqueue', 'shop.double', '--input', '{"number":21}', '--wait');
    await tail.saying(/ 1 {2}shop\.double {2}completed {2}1 of 1$/);
    expect(await humdrum.end('SIGTERM')).toBe(0);
    await tail.saying(/^humdrum: Cannot reach a server at .* Reconnecting\.$/);
    await cli(['enqueue', 'shop.double'], { cwd, env });
    const again = new Running(['start', '--port', new URL(url).port], { cwd, env });
    await tail.saying(/ 2 {2}shop\.double {2}failed {2}1 of 1 {2}RangeError: there is no number$/);
    expect(tail.lines.filter((line) => line.includes(' 1  shop.double  completed'))).toHaveLength(
      1,
    );
    expect(await tail.end('SIGINT')).toBe(130);
    expect(await again.end('SIGTERM')).toBe(0);
  });

  it('say what cannot be asked of a server, and what does not answer', async () => {
    const cwd = await projectWith(DOUBLE);
    const at = (url: string, ...args: string[]) => cli([...args, '--url', url], { cwd });
    expect(await at('http://127.0.0.1:2', 'jobs', 'list')).toMatchObject({ code: 6, stdout: '' });
    expect((await at('http://127.0.0.1:2', 'jobs', 'list')).stderr).toMatch(
      /Cannot reach a server at http:\/\/127\.0\.0\.1:2: .*ECONNREFUSED/,
    );
    const local = await at('http://127.0.0.1:2', 'run', 'shop.double');
    expect(local).toMatchObject({ code: 2, stdout: '' });
    expect(local.stderr).toMatch(/needs direct access to the database and does not support --url/);
    expect((await at('127.0.0.1:3001', 'jobs', 'list')).stderr).toMatch(/is not a server URL/);
    const both = await at('http://127.0.0.1:2', 'jobs', 'list', '--database', 'elsewhere');
    expect(both).toMatchObject({ code: 2 });
    await writeFile(join(cwd, 'key'), '\n');
    const empty = await at('http://127.0.0.1:2', 'jobs', 'list', '--key-file', 'key');
    expect(empty).toMatchObject({ code: 2 });
    expect(empty.stderr).toMatch(/key does not contain a key/);
  });
});
