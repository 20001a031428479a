import { expect, it } from 'vitest';
import type { Hono } from 'hono';
import { addAccount } from '../../src/access/account.ts';
import { createKey } from '../../src/access/api-key.ts';
import { makeLoginLink } from '../../src/access/login-link.ts';
import { createApp, type AppOptions } from '../../src/http/app.ts';
import { Client } from '../../src/http/client.ts';
import * as contract from '../../src/http/contract/access.ts';
import { enqueueJob } from '../../src/http/contract/jobs.ts';
import { forLoopback } from '../../src/http/loopback.ts';
import { listen } from '../../src/http/server.ts';
import { eventsOf } from '../access/support.ts';
import { anyBackend } from '../support/databases.ts';
import { job, openEngine, stopClockAt } from '../support/engine.ts';

const ROOT = { actor: 'cli:root' };
const PASSWORD = 'correct horse battery';
const hello = job('test.hello', () => null);
const LOGIN = { name: 'ada', password: PASSWORD };

anyBackend('access by HTTP', (fresh) => {
  async function open(options: AppOptions = {}) {
    const { humdrum } = await openEngine(await fresh(), { jobs: [hello] });
    const db = humdrum.database;
    await addAccount(db, { ...LOGIN, role: 'admin' }, ROOT);
    const { secret: key } = await createKey(db, { name: 'deploy', role: 'admin' }, ROOT);
    const app = createApp(humdrum, options);
    const client = new Client({ base: 'http://localhost/api/v1', key, fetch: appFetch(app) });
    return { humdrum, db, app, client, key };
  }

  const appFetch = (app: Hono) => (request: Request) => app.fetch(request);

  const post = (app: Hono, path: string, body: unknown, headers: Record<string, string> = {}) =>
    app.request(path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json', ...headers },
    });

  const logIn = (app: Hono, headers: Record<string, string> = {}) =>
    post(app, '/api/v1/access/login', LOGIN, headers);

  const cookieIn = (answer: Response): string =>
    (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';

  it('is closed by default, and open to a key and to a session', async () => {
    const { app, client } = await open();
    const closed = await app.request('/api/v1/jobs/status');
    expect([closed.status, closed.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    const me = { actor: 'key:deploy from unknown', role: 'admin', scopes: null };
    expect(await client.call(contract.showMe)).toEqual(me);
    const answer = await logIn(app);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('set-cookie')).toMatch(
      /^humdrum=[\w-]{43}; Path=\/; Expires=[^;]+; HttpOnly; SameSite=Lax$/,
    );
    const cookie = cookieIn(answer);
    const mine = async (headers: Record<string, string>) =>
      (await app.request('/api/v1/access/me', { headers })).json();
    expect(await mine({ cookie })).toMatchObject({ data: { actor: 'user:ada from unknown' } });
    const wrongKey = { cookie, authorization: `Bearer hd_000000000000_${'A'.repeat(43)}` };
    expect(await mine(wrongKey)).toMatchObject({ error: { code: 'unauthenticated' } });
    const ofProxy = { cookie, authorization: 'Basic YTpi' };
    expect(await mine(ofProxy)).toMatchObject({ data: { actor: 'user:ada from unknown' } });
    expect(await mine({ cookie: `${cookie}x` })).toMatchObject({ success: false });
  });

  it('logs out here, and everywhere', async () => {
    const { app, humdrum } = await open();
    const [one, two, three] = [await logIn(app), await logIn(app), await logIn(app)].map(cookieIn);
    const status = async (cookie = '') =>
      (await app.request('/api/v1/access/me', { headers: { cookie } })).status;
    const logOut = (cookie = '', body: object | null = null) =>
      app.request('/api/v1/access/logout', {
        method: 'POST',
        headers: { cookie, 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
      });
    const first = await logOut(one);
    expect(await first.json()).toEqual({ success: true, data: { ended: 1 } });
    expect(first.headers.get('set-cookie')).toMatch(/^humdrum=; .*Expires=Thu, 01 Jan 1970/);
    expect([await status(one), await status(two), await status(three)]).toEqual([401, 200, 200]);
    expect(await (await logOut(two, { everywhere: true })).json()).toMatchObject({
      data: { ended: 2 },
    });
    expect([await status(two), await status(three)]).toEqual([401, 401]);
    expect(await eventsOf(humdrum.database)).toContainEqual({
      event: 'revoked',
      actor: 'user:ada from unknown',
      reason: 'all sessions of this account',
    });
  });

  it('says when to try again, and refuses other sites that would log a browser in', async () => {
    const { app, db } = await open();
    await stopClockAt(db, '2026-01-31T09:00:00Z');
    const wrong = () => post(app, '/api/v1/access/login', { ...LOGIN, password: 'wrong' });
    const crossSite = await logIn(app, { 'sec-fetch-site': 'cross-site' });
    expect(crossSite.status).toBe(403);
    for (let times = 0; times < 5; times += 1) expect((await wrong()).status).toBe(401);
    const answer = await wrong();
    expect(answer.status).toBe(429);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(await answer.json()).toMatchObject({ error: { code: 'too-many-attempts' } });
  });

  it('lets an admin give and take keys and accounts, with a reason that is audited', async () => {
    const { app, client, humdrum } = await open();
    const { key, secret } = await client.call(contract.createKey, {
      body: { name: 'ci', role: 'operator', reason: 'the new pipeline' },
    });
    const ci = new Client({ base: 'http://localhost/api/v1', key: secret, fetch: appFetch(app) });
    await ci.call(enqueueJob, { body: { type: 'test.hello' } });
    await expect(ci.call(contract.listKeys)).rejects.toMatchObject({ code: 'role-insufficient' });
    const { keys } = await client.call(contract.listKeys);
    expect(keys.map(({ name }) => name)).toEqual(['ci', 'deploy']);
    expect(JSON.stringify(keys)).not.toContain(secret.slice(-43));
    await client.call(contract.revokeKey, { params: { id: key.id }, body: { reason: 'leaked' } });
    await expect(ci.call(contract.showMe)).rejects.toMatchObject({ code: 'unauthenticated' });

    const bob = { name: 'bob', role: 'viewer' as const, password: PASSWORD };
    await client.call(contract.addUser, { body: bob });
    await expect(client.call(contract.addUser, { body: bob })).rejects.toMatchObject({
      code: 'name-taken',
    });
    const params = { name: 'bob' };
    await client.call(contract.setUserRole, { params, body: { role: 'operator' } });
    await client.call(contract.setUserPassword, { params, body: { password: `${PASSWORD} 2` } });
    await client.call(contract.disableUser, { params });
    expect((await client.call(contract.listUsers)).users).toMatchObject([
      { name: 'ada', disabledAt: null },
      { name: 'bob', role: 'operator', disabledAt: expect.any(Date) as Date },
    ]);
    expect(await client.call(contract.enableUser, { params })).toMatchObject({ disabledAt: null });
    const events = await eventsOf(humdrum.database);
    expect(events.slice(2, 4)).toEqual([
      {
        event: 'granted',
        actor: 'key:deploy from unknown',
        reason: `key ci (${key.id}), operator: the new pipeline`,
      },
      {
        event: 'revoked',
        actor: 'key:deploy from unknown',
        reason: `key ci (${key.id}): leaked`,
      },
    ]);
    expect(events).toHaveLength(9);
  });

  it('audits what is done to jobs with who, from where and why', async () => {
    const { app, humdrum } = await open({ access: { trustProxy: 1 } });
    const headers = {
      'x-forwarded-for': '203.0.113.7',
      cookie: cookieIn(await logIn(app, { 'x-forwarded-for': '203.0.113.7' })),
    };
    const enqueued = await post(app, '/api/v1/jobs', { type: 'test.hello' }, headers);
    expect(enqueued.status).toBe(201);
    const cancelled = await post(app, '/api/v1/jobs/1/cancel', { reason: 'a test' }, headers);
    expect(cancelled.status).toBe(200);
    const actor = 'user:ada from 203.0.113.7';
    expect((await humdrum.showJob(1)).audit).toMatchObject([
      { event: 'created', actor, reason: null },
      { event: 'cancelled', actor, reason: 'a test' },
    ]);
  });

  it('is refused a configuration that would open or shut a door unseen', async () => {
    const { humdrum } = await open();
    const roles = { claim: 'groups', are: { staff: 'owner' } };
    const oidc = { issuer: 'https://login.example.com', clientId: 'humdrum', roles };
    for (const [access, sentence] of [
      [{ trustProxy: true }, /Invalid option access\.trustProxy:/],
      [{ trustProxies: 1 }, /Invalid option access: .*trustProxies/],
      [{ idleMs: 0 }, /access\.idleMs/],
      [{ oidc }, /access\.oidc\.roles\.are\.staff/],
    ] as const) {
      expect(() => createApp(humdrum, { access: access as object })).toThrow(sentence);
    }
  });

  it('changes the own password, and gives the browser a new session', async () => {
    const { app } = await open();
    const cookie = cookieIn(await logIn(app));
    const body = { current: PASSWORD, password: `${PASSWORD} 2` };
    const answer = await post(app, '/api/v1/access/password', body, { cookie });
    expect(answer.status).toBe(200);
    const status = async (of: string) =>
      (await app.request('/api/v1/access/me', { headers: { cookie: of } })).status;
    expect([await status(cookie), await status(cookieIn(answer))]).toEqual([401, 200]);
  });

  it('knows address and https behind as many proxies as it is told of, and not from others', async () => {
    const { app, humdrum, key } = await open({ access: { trustProxy: 2 } });
    const forged = '6.6.6.6, 203.0.113.7, 10.0.0.1';
    const answer = await logIn(app, {
      'x-forwarded-for': forged,
      'x-forwarded-proto': 'https, http',
      host: 'jobs.example.com',
      origin: 'https://jobs.example.com',
    });
    expect(answer.headers.get('set-cookie')).toMatch(/^__Host-humdrum=.*; Secure; SameSite=Lax$/);
    expect((await eventsOf(humdrum.database)).at(-1)).toMatchObject({
      event: 'admitted',
      actor: 'user:ada from 203.0.113.7',
    });
    const me = async (to: Hono) =>
      (
        await to.request('/api/v1/access/me', {
          headers: { authorization: `Bearer ${key}`, 'x-forwarded-for': forged },
        })
      ).json();
    expect(await me(app)).toMatchObject({ data: { actor: 'key:deploy from 203.0.113.7' } });
    expect(await me(createApp(humdrum))).toMatchObject({
      data: { actor: 'key:deploy from unknown' },
    });
    const server = await listen(createApp(humdrum), 0);
    try {
      const headers = { authorization: `Bearer ${key}`, 'x-forwarded-for': forged };
      const overThere = await fetch(`${server.url}/api/v1/access/me`, { headers });
      expect(await overThere.json()).toMatchObject({
        data: { actor: 'key:deploy from 127.0.0.1' },
      });
    } finally {
      await server.close();
    }
  });

  it('lets in by the login link with a button that the browser pushes, once', async () => {
    const { app, db } = await open();
    const token = await makeLoginLink(db);
    const link = `/login/link?token=${token}`;
    for (let looks = 0; looks < 2; looks += 1) {
      const look = await app.request(link);
      expect(look.status).toBe(200);
      expect(look.headers.get('set-cookie')).toBeNull();
      expect(look.headers.get('content-security-policy')).toMatch(/default-src 'none'/);
      expect(await look.text()).toContain(`value="${token}"`);
    }
    const push = (headers: Record<string, string> = {}) =>
      app.request('/login/link', {
        method: 'POST',
        headers,
        body: new URLSearchParams({ token }),
      });
    expect((await push({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    const pushed = await push({ 'sec-fetch-site': 'same-origin' });
    expect(pushed.status).toBe(200);
    const me = await app.request('/api/v1/access/me', { headers: { cookie: cookieIn(pushed) } });
    expect(await me.json()).toMatchObject({ data: { actor: 'login-link from unknown' } });
    const again = await push();
    expect(again.status).toBe(401);
    expect(await again.text()).toMatch(/has been used or has expired/);
    const hostile = await app.request('/login/link?token=%22%3E%3Cscript%3E');
    expect(await hostile.text()).not.toContain('<script>');
  });

  it('answers to names of this machine only where it is told to', async () => {
    const { app, key } = await open();
    const local = forLoopback(app);
    const status = async (host: string) =>
      (
        await local.request('/api/v1/access/me', {
          headers: { host, authorization: `Bearer ${key}` },
        })
      ).status;
    for (const host of ['localhost', 'localhost:3001', '127.0.0.1:3001', '[::1]:3001']) {
      expect(await status(host), host).toBe(200);
    }
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example', '']) {
      expect(await status(host), host).toBe(403);
    }
  });
});
