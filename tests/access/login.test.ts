import { describe, expect, it } from 'vitest';
import {
  addAccount,
  disableAccount,
  enableAccount,
  listAccounts,
  setPassword,
  setRole,
} from '../../src/access/account.ts';
import { hasCredentials } from '../../src/access/configured.ts';
import { followLoginLink, makeLoginLink } from '../../src/access/login-link.ts';
import { logIn } from '../../src/access/login.ts';
import { changeOwnPassword } from '../../src/access/own-password.ts';
import { sessionOf } from '../../src/access/session.ts';
import { TooManyAttempts } from '../../src/access/too-many-attempts.ts';
import type { HumdrumError } from '../../src/errors.ts';
import { sealLog } from '../../src/engine/audit/seal-log.ts';
import { storedAudit, verifyAudit } from '../../src/engine/audit/verify.ts';
import type { Database } from '../../src/database/database.ts';
import { PASSWORD_COST } from '../support/password-cost.ts';
import { fresh as freshOn } from '../support/databases.ts';
import { dump } from '../support/dump.ts';
import { stopClockAt } from '../support/engine.ts';
import { eventsOf } from './support.ts';

const ROOT = { actor: 'cli:root' };
const PASSWORD = 'correct horse battery';
const HOME = { address: '203.0.113.7' };
const GIVEN = { name: 'ada', password: PASSWORD };

const addAda = (db: Database) => addAccount(db, { ...GIVEN, name: 'Ada', role: 'operator' }, ROOT);

/** A password takes half a second: tests/http/access.test.ts logs in and out on both backends. */
const fresh = () => freshOn('postgres');

describe('accounts and sessions', () => {
  it('let in whoever knows the password, and nobody else, with one answer for all others', async () => {
    const db = await fresh();
    expect(await hasCredentials(db)).toBe(false);
    await addAda(db);
    expect(await hasCredentials(db)).toBe(true);
    const { token } = await logIn(db, GIVEN, HOME);
    expect(await sessionOf(db, token)).toMatchObject({ name: 'user:ada', role: 'operator' });
    expect(await sessionOf(db, `${token.slice(1)}A`)).toBeNull();
    const stored = await dump(db);
    expect(stored).not.toContain(token);
    expect(stored).not.toContain(PASSWORD);
    await disableAccount(db, 'ada', ROOT);
    const refusals = [
      logIn(db, GIVEN, HOME),
      logIn(db, { ...GIVEN, password: 'wrong' }, HOME),
      logIn(db, { ...GIVEN, name: 'nobody' }, HOME),
    ].map((refused) => refused.catch((error: unknown) => String(error)));
    const said = await Promise.all(refusals);
    expect(said[0]).toMatch(/Wrong name or password/);
    expect(new Set(said).size).toBe(1);
  });

  it('end at logout, after a time without use, and after a time in any case', async () => {
    const db = await fresh();
    const moveTo = await stopClockAt(db, '2026-01-31T09:00:00Z');
    await addAda(db);
    const times = { idleMs: 3_600_000, lifeMs: 7_200_000 };
    const idle = await logIn(db, GIVEN, HOME, times);
    const used = await logIn(db, GIVEN, HOME, times);
    expect(used.expiresAt).toEqual(new Date('2026-01-31T11:00:00Z'));
    await moveTo('2026-01-31T09:59:59Z');
    expect(await sessionOf(db, used.token, times)).not.toBeNull();
    await moveTo('2026-01-31T10:00:00Z');
    expect(await sessionOf(db, idle.token, times)).toBeNull();
    expect(await sessionOf(db, used.token, times)).not.toBeNull();
    await moveTo('2026-01-31T10:30:00Z');
    expect(await sessionOf(db, used.token, times)).not.toBeNull();
    await moveTo('2026-01-31T10:59:59Z');
    expect(await sessionOf(db, used.token, times)).not.toBeNull();
    await moveTo('2026-01-31T11:00:00Z');
    expect(await sessionOf(db, used.token, times)).toBeNull();
    await logIn(db, GIVEN, HOME, times);
    const { rows } = await db.query('select from humdrum.session');
    expect(rows).toHaveLength(1);
  });

  it('end with a login in the same browser, and with whatever changes what they may', async () => {
    const db = await fresh();
    await addAda(db);
    const first = await logIn(db, GIVEN, HOME);
    const second = await logIn(db, GIVEN, { ...HOME, token: first.token });
    expect(await sessionOf(db, first.token)).toBeNull();
    await setRole(db, 'ada', 'admin', ROOT);
    expect(await sessionOf(db, second.token)).toBeNull();
    const third = await logIn(db, GIVEN, HOME);
    expect(await sessionOf(db, third.token)).toMatchObject({ role: 'admin' });
    await setPassword(db, 'ada', `${PASSWORD} staple`, ROOT);
    expect(await sessionOf(db, third.token)).toBeNull();
    await expect(logIn(db, GIVEN, HOME)).rejects.toMatchObject({ code: 'unauthenticated' });
    const fourth = await logIn(db, { ...GIVEN, password: `${PASSWORD} staple` }, HOME);
    await disableAccount(db, 'ada', ROOT);
    expect(await sessionOf(db, fourth.token)).toBeNull();
    await enableAccount(db, 'ada', ROOT);
    expect(await sessionOf(db, fourth.token)).toBeNull();
  });

  it('change their own password with the current one', async () => {
    const db = await fresh();
    await addAda(db);
    const { token } = await logIn(db, GIVEN, HOME);
    const accountId = (await sessionOf(db, token))?.accountId ?? null;
    const own = { accountId, actor: 'user:ada', current: PASSWORD, password: `${PASSWORD} two` };
    const change = (more: object) => changeOwnPassword(db, { ...own, ...more }, { ...HOME, token });
    await expect(change({ current: 'wrong' })).rejects.toMatchObject({ code: 'unauthenticated' });
    await expect(change({ password: 'short' })).rejects.toMatchObject({ code: 'input-invalid' });
    await expect(change({ accountId: null })).rejects.toMatchObject({ code: 'action-refused' });
    expect(await sessionOf(db, token)).not.toBeNull();
    const next = await change({});
    expect(await sessionOf(db, token)).toBeNull();
    expect(await sessionOf(db, next.token)).toMatchObject({ name: 'user:ada' });
    await expect(logIn(db, GIVEN, HOME)).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('keep passwords by the parameters of now, and those of before until the next login', async () => {
    const ofNow = `$scrypt$ln=${PASSWORD_COST.ln},r=8,p=1$`;
    const db = await fresh();
    await addAda(db);
    const stored = async () => {
      const { rows } = await db.query<{ password: string }>('select password from humdrum.account');
      return rows[0]?.password ?? '';
    };
    expect((await stored()).startsWith(ofNow)).toBe(true);
    // By OpenSSL: kdf -keylen 32 -kdfopt pass:PASSWORD -kdfopt hexsalt:00… -kdfopt n:1024 -kdfopt r:8 -kdfopt p:1 SCRYPT
    const before = `$scrypt$ln=10,r=8,p=1$${'A'.repeat(22)}$AsWvwMY/76m6UtetkFvlJIEPTCAm8Pu2vkYrRktx10s`;
    await db.query('update humdrum.account set password = $1', [before]);
    await expect(logIn(db, { ...GIVEN, password: 'wrong' }, HOME)).rejects.toThrow();
    expect(await stored()).toBe(before);
    await logIn(db, GIVEN, HOME);
    expect((await stored()).startsWith(ofNow)).toBe(true);
    await logIn(db, GIVEN, HOME);
  });

  it('are audited, under seals that hold', async () => {
    const db = await fresh();
    await addAccount(db, { ...GIVEN, role: 'viewer' }, { ...ROOT, reason: 'on call' });
    await logIn(db, GIVEN, HOME);
    await setRole(db, 'ada', 'admin', { ...ROOT, reason: 'promoted' });
    await disableAccount(db, 'ada', ROOT);
    expect(await eventsOf(db)).toEqual([
      { event: 'granted', actor: 'cli:root', reason: 'account ada, viewer: on call' },
      { event: 'admitted', actor: 'user:ada from 203.0.113.7', reason: 'by password' },
      { event: 'granted', actor: 'cli:root', reason: 'account ada, admin: promoted' },
      { event: 'revoked', actor: 'cli:root', reason: 'account ada' },
    ]);
    await sealLog(db);
    expect(await verifyAudit(storedAudit(db), {})).toMatchObject({ fault: null, rows: 4 });
  });

  it('refuse names that are taken or none, and passwords that are short', async () => {
    const db = await fresh();
    await addAda(db);
    const add = (more: object) => addAccount(db, { ...GIVEN, role: 'admin', ...more }, ROOT);
    await expect(addAda(db)).rejects.toMatchObject({ code: 'name-taken' });
    await expect(add({ name: 'a b' })).rejects.toMatchObject({ code: 'input-invalid' });
    await expect(add({ name: 'bob', password: 'x'.repeat(11) })).rejects.toMatchObject({
      code: 'input-invalid',
    });
    await expect(setRole(db, 'bob', 'admin', ROOT)).rejects.toMatchObject({ code: 'not-found' });
    expect(await listAccounts(db)).toMatchObject([{ name: 'ada', role: 'operator', issuer: null }]);
  });
});

describe('logging in', () => {
  const fail = (db: Database, name: string, address: string) =>
    logIn(db, { name, password: 'wrong' }, { address }).catch((error: unknown) =>
      error instanceof TooManyAttempts ? error.afterSeconds : (error as HumdrumError).code,
    );

  it('takes ever longer for an account that is tried often, from wherever, existing or not', async () => {
    const db = await fresh();
    const moveTo = await stopClockAt(db, '2026-01-31T09:00:00Z');
    await addAda(db);
    for (const name of ['ada', 'nobody']) {
      const said = [];
      for (let at = 1; at <= 6; at += 1) said.push(await fail(db, name, `203.0.113.${at}`));
      expect(said, name).toEqual([...Array<string>(5).fill('unauthenticated'), 1]);
    }
    await expect(logIn(db, GIVEN, HOME)).rejects.toMatchObject({ code: 'too-many-attempts' });
    await moveTo('2026-01-31T09:00:01Z');
    expect(await fail(db, 'ada', HOME.address)).toBe('unauthenticated');
    expect(await fail(db, 'ada', HOME.address)).toBe(2);
    await moveTo('2026-01-31T09:00:03Z');
    await logIn(db, GIVEN, HOME);
    expect(await fail(db, 'ada', HOME.address)).toBe('unauthenticated');
  });

  it('counts attempts that come at once, before the password is looked at', async () => {
    const db = await fresh();
    await stopClockAt(db, '2026-01-31T09:00:00Z');
    await addAda(db);
    const said = await Promise.all(Array.from({ length: 9 }, () => fail(db, 'ada', HOME.address)));
    expect(said.filter((one) => one === 'unauthenticated')).toHaveLength(5);
  });

  it('takes ever longer for an address that tries many accounts; a right login forgives it that one only', async () => {
    const db = await fresh();
    const moveTo = await stopClockAt(db, '2026-01-31T09:00:00Z');
    await addAda(db);
    await fail(db, 'a', '2001:db8::1');
    await db.query(`update humdrum.login_attempt set failures = 29 where failures = 1`);
    expect(await fail(db, 'b', '2001:db8:0:0:ffff::2')).toBe('unauthenticated');
    expect(await fail(db, 'c', '2001:db8::3')).toBe(1);
    expect(await fail(db, 'c', '2001:db8:0:1::3')).toBe('unauthenticated');
    await moveTo('2026-01-31T09:00:01Z');
    await logIn(db, GIVEN, { address: '2001:db8::1' });
    await moveTo('2026-01-31T09:00:02Z');
    expect(await fail(db, 'd', '2001:db8::1')).toBe('unauthenticated');
    expect(await fail(db, 'd', '2001:db8::1')).toBe(2);
  });
});

describe('a login link', () => {
  it('lets in once, as an admin, and within an hour', async () => {
    const db = await fresh();
    const moveTo = await stopClockAt(db, '2026-01-31T09:00:00Z');
    const [link, late] = [await makeLoginLink(db), await makeLoginLink(db)];
    expect(await dump(db)).not.toContain(link);
    const followed = await Promise.allSettled([
      followLoginLink(db, link, HOME),
      followLoginLink(db, link, HOME),
    ]);
    const opened = followed.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    expect(opened).toHaveLength(1);
    expect(await sessionOf(db, opened[0]?.token ?? '')).toMatchObject({
      name: 'login-link',
      role: 'admin',
      accountId: null,
    });
    await moveTo('2026-01-31T10:00:00Z');
    await expect(followLoginLink(db, late, HOME)).rejects.toMatchObject({
      code: 'unauthenticated',
    });
    expect(await eventsOf(db)).toEqual([
      { event: 'admitted', actor: 'login-link from 203.0.113.7', reason: 'by the login link' },
    ]);
  });
});
