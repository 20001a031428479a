import { expect, it, onTestFinished } from 'vitest';
import { addAccount, disableAccount, listAccounts } from '../../src/access/account.ts';
import type { OidcOptions } from '../../src/access/oidc.ts';
import { createApp } from '../../src/http/app.ts';
import { listen } from '../../src/http/server.ts';
import { eventsOf } from '../access/support.ts';
import { anyBackend } from '../support/databases.ts';
import { openEngine } from '../support/engine.ts';
import { Browser, CLIENT, openOidcServer } from './oidc-server.ts';

const ROOT = { actor: 'cli:root' };

anyBackend('OpenID Connect', (fresh) => {
  async function open(more: Partial<OidcOptions> = {}) {
    const provider = await openOidcServer();
    const { humdrum } = await openEngine(await fresh());
    const oidc: OidcOptions = {
      ...CLIENT,
      issuer: provider.issuer,
      roles: { claim: 'groups', are: { staff: 'viewer', 'on-call': 'admin' } },
      ...more,
    };
    const server = await listen(createApp(humdrum, { access: { oidc } }), 0);
    onTestFinished(() => server.close());
    provider.serve(`${server.url}/login/oidc/callback`);
    const start = `${server.url}/login/oidc`;
    const me = async (browser: Browser): Promise<unknown> =>
      (await browser.go(`${server.url}/api/v1/access/me`)).json();
    return { db: humdrum.database, groups: provider.groups, issuer: provider.issuer, start, me };
  }

  const enter = async (browser: Browser, start: string, person: string) =>
    browser.go(await browser.toCallback(start, person));

  it('lets people in with the highest role of their groups, and follows when that changes', async () => {
    const { db, groups, issuer, start, me } = await open();
    groups.set('ada', ['staff', 'on-call', 'toString']);
    const first = new Browser();
    expect((await enter(first, start, 'ada')).status).toBe(200);
    const actor = 'user:ada from 127.0.0.1';
    expect(await me(first)).toEqual({
      success: true,
      data: { actor, role: 'admin', scopes: null },
    });
    groups.set('ada', ['staff']);
    const second = new Browser();
    await enter(second, start, 'ada');
    expect(await me(second)).toEqual({
      success: true,
      data: { actor, role: 'viewer', scopes: null },
    });
    expect(await me(first)).toMatchObject({ error: { code: 'unauthenticated' } });
    expect(await listAccounts(db)).toMatchObject([{ name: 'ada', role: 'viewer', issuer }]);
    expect(await eventsOf(db)).toEqual([
      { event: 'granted', actor: issuer, reason: 'account ada, admin' },
      { event: 'admitted', actor, reason: `by ${issuer}` },
      { event: 'granted', actor: issuer, reason: 'account ada, viewer' },
      { event: 'admitted', actor, reason: `by ${issuer}` },
    ]);
  });

  it('keeps out who has no role, who is disabled, and who is named like somebody else', async () => {
    const { db, groups, start, me } = await open();
    const refused = async (person: string) => {
      const browser = new Browser();
      const answer = await enter(browser, start, person);
      expect(await me(browser)).toMatchObject({ success: false });
      return `${answer.status} ${/<p>(.*)<\/p>/.exec(await answer.text())?.[1]}`;
    };
    groups.set('eve', ['visitors']);
    expect(await refused('eve')).toMatch(
      /^403 .* authenticated eve, but none of their groups has a role/,
    );
    groups.set('root', ['on-call']);
    await addAccount(db, { name: 'root', role: 'viewer', password: 'correct horse battery' }, ROOT);
    expect(await refused('root')).toMatch(/^409 Another account is already named &quot;root&quot;/);
    groups.set('ada', ['staff']);
    expect((await enter(new Browser(), start, 'ada')).status).toBe(200);
    await disableAccount(db, 'ada', ROOT);
    expect(await refused('ada')).toMatch(/^401 The account ada is disabled/);
    expect((await listAccounts(db)).map(({ name }) => name)).toEqual(['ada', 'root']);
  });

  it('takes no answer of the provider but in the browser that asked, and once', async () => {
    const { groups, start, me } = await open();
    groups.set('ada', ['on-call']);
    const ada = new Browser();
    const back = await ada.toCallback(start, 'ada');
    // Sent to somebody else, who would work in the account of Ada then.
    const bob = new Browser();
    expect((await bob.go(back)).status).toBe(401);
    await bob.go(start);
    expect((await bob.go(back)).status).toBe(401);
    expect(await me(bob)).toMatchObject({ success: false });
    expect((await ada.go(back)).status).toBe(200);
    expect((await ada.go(back)).status).toBe(401);
    const denied = new Browser();
    await denied.go(start);
    const answer = await denied.go(`${start}/callback?error=access_denied&error_description=<b>`);
    expect(answer.status).toBe(401);
    expect(await answer.text()).not.toContain('<b>');
  });

  it('says which provider does not answer', async () => {
    const { start } = await open({ issuer: 'http://127.0.0.1:9' });
    const answer = await new Browser().go(start);
    expect(answer.status).toBe(502);
    expect(await answer.text()).toMatch(
      /Cannot read the OpenID Connect configuration of .*127\.0\.0\.1:9/,
    );
  });
});
