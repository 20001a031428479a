import { get } from 'node:http';
import { describe, expect, it } from 'vitest';
import { openPostgres } from '../../src/database/postgres.ts';
import { freshFolder, freshUrl } from '../support/databases.ts';
import { cli, Running } from '../support/process.ts';

const PASSWORD = 'correct horse battery';

interface Place {
  cwd: string;
  env: { DATABASE_URL: string };
}

const place = async (): Promise<Place> => ({
  cwd: await freshFolder(),
  env: { DATABASE_URL: await freshUrl() },
});

/** As a browser asks that was told this name for the address. */
async function statusFor(host: string, url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(url, { headers: { host } }, (answer) => {
      answer.destroy();
      resolve(answer.statusCode);
    }).once('error', reject);
  });
}

describe('keys', () => {
  it('are made, listed and revoked, and open the server', async () => {
    const here = await place();
    const run = async (...args: string[]) => {
      const { code, stdout } = await cli(args, here);
      expect(code).toBe(0);
      return stdout;
    };
    const made = await cli(['keys', 'create', 'CI', '--role', 'viewer'], here);
    expect(made.stderr).toMatch(
      /Created key ci with the role viewer\. Store it now: it is not shown again\./,
    );
    expect(made.stdout).toMatch(/^hd_[0-9a-f]{12}_[\w-]{43}\n$/);
    const secret = made.stdout.trim();
    const id = secret.slice(3, 15);
    expect(await run('keys', 'list')).toMatch(new RegExp(`${id} +ci +viewer +all .* never +yes`));
    expect(await run('keys', 'list')).not.toContain(secret.slice(-43));

    const server = new Running(['start', '--port', '0', '--host', '0.0.0.0'], here);
    const url = new URL((await server.saying(/^listening/)).split(/\s+/)[1] ?? '');
    expect(url.hostname).toBe('0.0.0.0');
    expect(server.lines.some((line) => line.startsWith('log in'))).toBe(false);
    url.hostname = '127.0.0.1';
    const status = async (key: string) =>
      (await fetch(url, { headers: { authorization: `Bearer ${key}` } })).status;
    expect([await status(secret), await status(`${secret}x`)]).toEqual([200, 401]);
    expect(await run('keys', 'revoke', id, '--reason', 'it leaked')).toBe(
      `Revoked key ci (${id}).\n`,
    );
    expect(await status(secret)).toBe(401);
    expect(await server.end('SIGTERM')).toBe(0);
    const scopes = ['--scope', 'jobs:read', '--scope', 'changes:read'];
    const made2 = await run('keys', 'create', 'ci', '--role', 'admin', ...scopes, '--json');
    expect(JSON.parse(made2)).toMatchObject({
      key: { name: 'ci', role: 'admin', scopes: ['changes:read', 'jobs:read'] },
    });
    expect(await run('keys', 'list')).toMatch(/ci +admin +changes:read jobs:read /);
  });
});

describe('users', () => {
  it('are made with a password from standard input, changed and disabled', async () => {
    const here = await place();
    const add = ['users', 'add', 'ada', '--role', 'operator'];
    expect(await cli(add, { ...here, input: `${PASSWORD}\n` })).toMatchObject({
      code: 0,
      stdout: 'ada can log in as operator.\n',
    });
    const db = await openPostgres(here.env.DATABASE_URL);
    const { rows } = await db.query<{ password: string }>('select password from humdrum.account');
    await db.close();
    expect(rows[0]?.password).toMatch(/^\$scrypt\$ln=17,r=8,p=1\$/);
    expect(
      (await cli(['users', 'add', 'bob', '--role', 'viewer'], { ...here, input: 'short\n' })).code,
    ).toBe(2);
    expect((await cli(['users', 'role', 'ada', 'admin'], here)).stdout).toBe(
      'The role of ada is now admin. Its sessions have ended.\n',
    );
    const changed = await cli(['users', 'password', 'ada'], { ...here, input: `${PASSWORD} 2` });
    expect(changed).toMatchObject({
      code: 0,
      stdout: 'The password of ada is changed. Its sessions have ended.\n',
    });
    const disabled = await cli(['users', 'disable', 'ada', '--reason', 'left'], here);
    expect(disabled.stdout).toBe('ada is disabled. Its sessions have ended.\n');
    expect((await cli(['users', 'list'], here)).stdout).toMatch(
      /ada +admin +password .* no, since/,
    );
    const listed = await cli(['users', 'list', '--json'], here);
    expect(JSON.parse(listed.stdout)).toMatchObject({ users: [{ name: 'ada', role: 'admin' }] });
    expect(listed.stdout).not.toContain('scrypt');
    expect((await cli(['users', 'enable', 'ada'], here)).stdout).toBe(
      'ada is enabled and can log in as admin.\n',
    );
  });
});

describe('start', () => {
  it('refuses to be reached by others while nobody could log in, and says what to do', async () => {
    const ended = await cli(['start', '--port', '0', '--host', '0.0.0.0'], await place());
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toMatch(
      /Cannot listen on 0\.0\.0\.0 without any users or keys.* First create a user \(humdrum users add/,
    );
  });

  it('prints a login link while nobody could log in, and answers to names of this machine only', async () => {
    const server = new Running(['start', '--port', '0'], await place());
    const url = new URL((await server.saying(/^listening/)).split(/\s+/)[1] ?? '');
    expect((await fetch(url)).status).toBe(401);
    const link = (await server.saying(/^log in/)).split(/\s+/)[2] ?? '';
    const look = await fetch(link);
    expect([look.status, look.headers.get('set-cookie')]).toEqual([200, null]);
    expect(await statusFor('evil.example', link)).toBe(403);
    expect(await statusFor(`localhost:${url.port}`, link)).toBe(200);
    expect(await server.end('SIGTERM')).toBe(0);
  });
});

describe('what is wrong is told clearly', () => {
  it.each([
    [['keys', 'create', 'ci'], 2, /--role/],
    [
      ['keys', 'create', 'ci', '--role', 'viewer', '--scope', 'job:read'],
      2,
      /no scope "job:read"\. Did you mean "jobs:read"\?/,
    ],
    [['keys', 'create', 'ci', '--role', 'owner'], 2, /viewer, operator, moderator, admin/],
    [['keys', 'create', 'my key', '--role', 'viewer'], 2, /no spaces/],
    [
      ['keys', 'create', 'ci', '--role', 'viewer', '--expires-at', '2001-01-01'],
      2,
      /must be in the future/,
    ],
    [['keys', 'create', 'ci', '--role', 'viewer', '--expires-at', 'soon'], 2, /an instant such as/],
    [['keys', 'revoke', '000000000000'], 3, /There is no key 000000000000/],
    [['users', 'role', 'nobody', 'admin'], 3, /There is no account "nobody"/],
    [['users', 'role', 'nobody', 'owner'], 2, /viewer, operator, moderator, admin/],
    [['users', 'add', 'ada', '--role', 'viewer'], 2, /A password has 12 to 1,000 characters/],
    [['users', 'ad'], 2, /Did you mean add/],
  ] as const)('humdrum %j', async (args, code, message) => {
    const ended = await cli(args, await place());
    expect(ended.stderr).toMatch(message);
    expect(ended).toMatchObject({ code, stdout: '' });
    expect(ended.stderr).not.toMatch(/ at .*\.js:\d+/);
  });
});
