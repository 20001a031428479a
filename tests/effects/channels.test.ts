import { describe, expect, it } from 'vitest';
import { Webhook } from 'standardwebhooks';
import {
  datadogChannel,
  logChannel,
  mailChannel,
  pagerChannel,
  sentryChannel,
  slackChannel,
  webhookChannel,
} from '../../src/effects/channels.ts';
import type { EngineEvent, Json } from '../../src/index.ts';
import { hangingPort, Receiver } from '../support/receivers.ts';
import { API_KEY, deliver, LETTER, LINKED, NOTICE, NOW, outcomeOf, SECRET } from './channels.ts';

describe('the log', () => {
  it('is what the engine tells', async () => {
    const told: EngineEvent[] = [];
    const tell = (event: EngineEvent): void => void told.push(event);
    await deliver(logChannel(), { tell });
    await deliver(logChannel(), { tell, data: LETTER });
    const { kind, subject, severity, summary } = NOTICE;
    expect(told).toEqual([
      { event: 'alert', notice: 'fired', kind, subject, severity, summary },
      { event: 'notification', channel: 'log', ...LETTER },
    ]);
  });
});

describe('the webhook', () => {
  it('is signed as Standard Webhooks says: another library verifies it', async () => {
    const receiver = await Receiver.open();
    const channel = webhookChannel({ url: `${receiver.url}/hooks?to=ops`, secret: SECRET });
    expect(await outcomeOf(channel)).toBe('sent');
    const [got] = receiver.received;
    expect(got?.path).toBe('/hooks?to=ops');
    const headers = got?.headers as Record<string, string>;
    expect(new Webhook(SECRET).verify(got?.body ?? '', headers)).toEqual({
      type: 'alert.fired',
      timestamp: NOTICE.at,
      data: NOTICE,
    });
    expect(headers['webhook-id']).toBe('humdrum-7-3');
    const other = new Webhook(`whsec_${Buffer.alloc(32, 8).toString('base64')}`);
    expect(() => other.verify(got?.body ?? '', headers)).toThrow('No matching signature');
  });

  it('says what it was answered, and not where: the path may be a secret', async () => {
    const receiver = await Receiver.open();
    const channel = pagerChannel({ url: `${receiver.url}/hidden`, secret: SECRET });
    receiver.status = 500;
    receiver.answer = 'out of\npaper';
    expect(await outcomeOf(channel)).toMatch(
      /^failed: 127\.0\.0\.1:\d+ answered 500: out of paper$/,
    );
    receiver.status = 302;
    receiver.headers = { location: '/elsewhere' };
    expect(await outcomeOf(channel)).toMatch(/answered 302/);
    expect(receiver.received).toHaveLength(2);
    receiver.status = 429;
    receiver.headers = { 'retry-after': '30' };
    expect(await deliver(channel)).toMatchObject({ kind: 'failed', restMs: 30_000 });
    receiver.headers = { 'retry-after': 'Mon, 02 Mar 2099 10:00:00 GMT' };
    expect(await deliver(channel)).toMatchObject({ kind: 'failed', restMs: 3_600_000 });
    receiver.headers = { 'retry-after': 'soon' };
    expect(await deliver(channel)).toMatchObject({ kind: 'failed', restMs: 0 });
    expect(await outcomeOf(pagerChannel({ url: 'http://127.0.0.1:2', secret: SECRET }))).toMatch(
      /ECONNREFUSED/,
    );
  });

  it('carries a notification as its own type', async () => {
    const receiver = await Receiver.open();
    const channel = webhookChannel({ url: receiver.url, secret: SECRET });
    expect(await outcomeOf(channel, LINKED)).toBe('sent');
    const [got] = receiver.received;
    const headers = got?.headers as Record<string, string>;
    expect(new Webhook(SECRET).verify(got?.body ?? '', headers)).toEqual({
      type: 'notification',
      timestamp: NOW.toISOString(),
      data: { channel: 'webhook', ...LINKED },
    });
  });

  it.each([
    [400, 'refused'],
    [401, 'refused'],
    [404, 'refused'],
    [413, 'refused'],
    [408, 'failed'],
    [425, 'failed'],
    [429, 'failed'],
    [500, 'failed'],
    [503, 'failed'],
  ])('answered %i is %s', async (status, kind) => {
    const receiver = await Receiver.open();
    receiver.status = status;
    const sent = await deliver(webhookChannel({ url: receiver.url, secret: SECRET }));
    expect(sent).toMatchObject({
      kind,
      error: { message: expect.stringContaining(String(status)) as string },
    });
  });

  it('reads no more of an answer than a line', async () => {
    const receiver = await Receiver.open();
    receiver.status = 500;
    receiver.answer = 'x'.repeat(5_000_000);
    const outcome = await outcomeOf(webhookChannel({ url: receiver.url, secret: SECRET }));
    expect(outcome.length).toBeLessThan(300);
  });

  it('does not wait for ever', async () => {
    const url = `http://127.0.0.1:${await hangingPort()}`;
    const channel = webhookChannel({ url, secret: SECRET, timeoutMs: 100 });
    expect(await outcomeOf(channel)).toBe('failed: webhook did not answer within 100 ms.');
  });
});

describe('what is no notification', () => {
  it.each([
    ['null', null],
    ['a text', 'hello'],
    ['no recipient', { text: 'hello' }],
    ['a number for a text', { to: '', text: 7 }],
    ['too long a text', { to: '', text: 'a'.repeat(1_048_577) }],
    ['too much data', { to: '', text: 'a', data: { long: 'a'.repeat(1_048_577) } }],
  ])('is refused for good: %s', async (_what, data) => {
    const receiver = await Receiver.open();
    const sent = await deliver(slackChannel({ url: receiver.url }), { data: data as Json });
    expect(sent.kind).toBe('refused');
    expect(receiver.received).toEqual([]);
  });

  it('but what is odd about its data is left out', async () => {
    const receiver = await Receiver.open();
    const channel = slackChannel({ url: receiver.url });
    for (const data of [7, 'text', [1], { link: 'javascript:alert(1)', severity: 7, alert: {} }]) {
      expect(await outcomeOf(channel, { to: '', text: 'hello', data })).toBe('sent');
    }
    const bodies = receiver.received.map(({ body }) => body);
    expect(new Set(bodies)).toEqual(new Set(['{"text":"hello"}']));
  });
});

describe('a channel that cannot be', () => {
  const url = 'https://example.org/hidden';
  it.each([
    ['a URL', () => slackChannel({ url: 'ftp://example.org/hidden' }), /takes a URL that begins/],
    [
      'a login in a URL',
      () => slackChannel({ url: 'https://ada:hidden@example.org/' }),
      /without a user or password/,
    ],
    ['an API key', () => datadogChannel({ apiKey: 'hidden' }), /takes the API key/],
    ['a site', () => datadogChannel({ apiKey: API_KEY, site: 'evil.org/?' }), /is no site/],
    ['a secret', () => webhookChannel({ url, secret: 'hidden' }), /is whsec_ and the base64/],
    ['a short secret', () => webhookChannel({ url, secret: 'whsec_aGlkZGVu' }), /24 to 64 random/],
    ['a name', () => slackChannel({ url, name: 'On Call' }), /"On Call" is not a valid name/],
    ['a time', () => slackChannel({ url, timeoutMs: 99 }), /from 100 to 60,000, not 99/],
    ['a DSN', () => sentryChannel({ dsn: 'https://example.org/hidden' }), /takes the DSN/],
    ['a mail server', () => mailChannel({ url, from: 'a@b', to: 'c@d' }), /begins with smtps/],
  ])(
    'is refused for %s, which is not repeated where it may be a secret',
    (_what, make, message) => {
      expect(make).toThrow(message);
      expect(make).toThrow(/^((?!hidden).)*$/);
    },
  );
});
