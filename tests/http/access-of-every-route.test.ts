import { describe, expect, it } from 'vitest';
import { addAccount } from '../../src/access/account.ts';
import { createKey } from '../../src/access/api-key.ts';
import { logIn } from '../../src/access/login.ts';
import { ROLES, type Role } from '../../src/access/role.ts';
import { AREAS, SCOPES } from '../../src/access/scope.ts';
import { API } from '../../src/http/api-path.ts';
import { createApp } from '../../src/http/app.ts';
import type { Endpoint } from '../../src/http/contract/endpoint.ts';
import { scopeOf } from '../../src/http/contract/scope.ts';
import { routes } from '../../src/http/routes/index.ts';
import { anyBackend } from '../support/databases.ts';
import { dump } from '../support/dump.ts';
import { job, openEngine, stopClockAt } from '../support/engine.ts';

const endpoints = routes.map(({ endpoint }) => endpoint);
const roadOf = ({ method, path }: Endpoint): string => `${method} ${path}`;
const isClosed = ({ role }: Endpoint): boolean => role !== 'anyone';
const isGot = ({ method }: Endpoint): boolean => method === 'GET';
const changes = ({ method }: Endpoint): boolean => method !== 'GET';

/** What each road is answered, and what it should be: a difference names the road. */
type Answers = Record<string, string>;

describe('the routes', () => {
  it('are many, each with a name and a road of its own', () => {
    expect(endpoints.length).toBeGreaterThan(20);
    expect(new Set(endpoints.map(({ name }) => name)).size).toBe(endpoints.length);
    expect(new Set(endpoints.map(roadOf)).size).toBe(endpoints.length);
  });
});

anyBackend('every route', (fresh) => {
  async function open() {
    const db = await fresh();
    await stopClockAt(db, '2026-01-31T09:00:00Z'); // so that a use of a key is noted once
    const { humdrum } = await openEngine(db, { jobs: [job('test.hello', () => null)] });
    await humdrum.enqueue('test.hello');
    const by = { actor: 'cli:root' };
    const keys = new Map<Role, string>();
    for (const role of ROLES)
      keys.set(role, (await createKey(db, { name: role, role }, by)).secret);
    /** Has the role of an admin, and these scopes. */
    const limited = async (name: string, scopes: readonly string[]) => {
      const { secret } = await createKey(db, { name, role: 'admin', scopes }, by);
      const headers = { authorization: `Bearer ${secret}` };
      await app.request(`${API}/access/me`, { headers }); // Notes its use.
      return headers;
    };
    const ada = { name: 'ada', password: 'correct horse battery' };
    await addAccount(db, { ...ada, role: 'admin' }, by);
    const { token } = await logIn(db, ada, { address: '203.0.113.7' });
    const app = createApp(humdrum);

    const bearer = (role: Role) => ({ authorization: `Bearer ${keys.get(role) ?? ''}` });
    for (const role of ROLES) await app.request(`${API}/access/me`, { headers: bearer(role) });

    /** Asks each, and answers what was said and whether anything is different after. */
    const askAll = async (
      which: readonly Endpoint[],
      headers: Record<string, string>,
      method?: string,
    ): Promise<{ answers: Answers; changed: boolean }> => {
      const before = await dump(db);
      const answers: Answers = {};
      for (const endpoint of which) {
        const path = `${API}${endpoint.path.replaceAll(/\{\w+\}/g, '1')}`;
        const answer = await app.request(path, { method: method ?? endpoint.method, headers });
        const code = answer.ok ? '' : ` ${await codeOf(answer)}`;
        await (answer.bodyUsed ? undefined : answer.body?.cancel()); // It may be one that does not end.
        answers[roadOf(endpoint)] = `${answer.status}${code}`;
      }
      return { answers, changed: (await dump(db)) !== before };
    };
    return { askAll, bearer, limited, cookie: { cookie: `humdrum=${token}` } };
  }

  const all = (which: readonly Endpoint[], answer: string): Answers =>
    Object.fromEntries(which.map((endpoint) => [roadOf(endpoint), answer]));

  it('takes credentials', async () => {
    const { askAll } = await open();
    const closed = endpoints.filter(isClosed);
    const refused = { answers: all(closed, '401 unauthenticated'), changed: false };
    expect(await askAll(closed, {})).toEqual(refused);
    expect(await askAll(closed, { authorization: 'Bearer hd_no_such' })).toEqual(refused);
    expect(await askAll(closed, { cookie: 'humdrum=none' })).toEqual(refused);
  });

  it('takes the role that it says, and is not refused to those who have it', async () => {
    const { askAll, bearer } = await open();
    for (const [rank, role] of ROLES.entries()) {
      const above = endpoints.filter((each) => ROLES.indexOf(each.role as Role) > rank);
      expect(await askAll(above, bearer(role)), role).toEqual({
        answers: all(above, '403 role-insufficient'),
        changed: false,
      });
    }
    for (const role of ROLES) {
      const own = endpoints.filter((each) => each.role === role);
      const { answers } = await askAll(own, bearer(role));
      for (const [road, answer] of Object.entries(answers)) {
        expect(answer, road).not.toMatch(/^(?:401|403|5)/);
      }
    }
  });

  it('takes the scope too, of a key that is limited', async () => {
    const { askAll, limited } = await open();
    const closed = endpoints.filter(isClosed);
    const refused = (which: readonly Endpoint[]) => ({
      answers: all(which, '403 scope-insufficient'),
      changed: false,
    });
    expect(await askAll(closed, await limited('scraper', ['metrics:read']))).toEqual(
      refused(closed),
    );
    for (const area of AREAS) {
      const others = SCOPES.filter((scope) => !scope.startsWith(`${area}:`));
      const own = closed.filter((each) => scopeOf(each).startsWith(`${area}:`));
      expect(own.length > 0, area).toBe(area !== 'metrics');
      expect(await askAll(own, await limited(`no-${area}`, others))).toEqual(refused(own));
    }
    const reader = await limited(
      'reader',
      SCOPES.filter((scope) => scope.endsWith(':read')),
    );
    const changing = closed.filter(changes);
    expect(await askAll(changing, reader)).toEqual(refused(changing));
    const writer = await limited(
      'writer',
      SCOPES.filter((scope) => scope.endsWith(':write')),
    );
    for (const [headers, which] of [
      [reader, closed.filter(isGot)],
      [writer, closed],
    ] as const) {
      const { answers } = await askAll(which, headers);
      for (const [road, answer] of Object.entries(answers)) {
        expect(answer, road).not.toMatch(/^(?:401|403|5)/);
      }
    }
  });

  it('changes nothing for the page of another site, with the cookie of an admin', async () => {
    const { askAll, cookie } = await open();
    const changing = endpoints.filter(changes);
    const refused = { answers: all(changing, '403 request-refused'), changed: false };
    for (const from of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
    ]) {
      expect(await askAll(changing, { ...cookie, ...from })).toEqual(refused);
    }
  });

  it('changes nothing when it is only got', async () => {
    const { askAll, bearer } = await open();
    for (const method of ['GET', 'HEAD']) {
      const { answers, changed } = await askAll(endpoints, bearer('admin'), method);
      expect(changed).toBe(false);
      for (const [road, answer] of Object.entries(answers)) {
        expect(answer, road).not.toMatch(/^5/);
      }
    }
  });
});

async function codeOf(answer: Response): Promise<string> {
  const text = await answer.text();
  if (text === '') return '';
  return (JSON.parse(text) as { error: { code: string } }).error.code;
}
