import { describe, expect, it } from 'vitest';
import { Webhook } from 'standardwebhooks';
import { checkAlerts } from '../../src/cli/doctor/alerts.ts';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { attemptTo, type Attempted } from '../../src/health/deliver-alert.ts';
import {
  defineAlerts,
  logSink,
  mailSink,
  pagerSink,
  sentrySink,
  slackSink,
  webhookSink,
  type Notice,
  type Sink,
} from '../../src/health/index.ts';
import type { EngineEvent } from '../../src/index.ts';
import { hangingPort, mailServer, Receiver } from './receivers.ts';

const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

const NOTICE: Notice = {
  alert: 7,
  notice: 'fired',
  kind: 'late',
  subject: 'test.type',
  severity: 'warning',
  summary: 'test.type has last succeeded 36 min ago & should <every> 35 min.',
  facts: { everyMs: 2_100_000 },
  firedAt: '2026-03-02T09:40:00.000Z',
  at: '2026-03-02T09:40:00.000Z',
};

async function send(sink: Sink, tell: (event: EngineEvent) => void = () => {}): Promise<Attempted> {
  const { signal } = new AbortController();
  return attemptTo(sink, NOTICE, { key: 'humdrum-notice-3', signal, tell });
}

const errorOf = async (sink: Sink): Promise<string> => (await send(sink)).error?.message ?? 'none';

describe('the log', () => {
  it('is what the engine tells', async () => {
    const told: EngineEvent[] = [];
    expect((await send(logSink(), (event) => told.push(event))).error).toBeNull();
    const { kind, subject, severity, summary } = NOTICE;
    expect(told).toEqual([{ event: 'alert', notice: 'fired', kind, subject, severity, summary }]);
  });
});

describe('the webhook', () => {
  it('is signed as Standard Webhooks says: another library verifies it', async () => {
    const receiver = await Receiver.open();
    const sink = webhookSink({ url: `${receiver.url}/hooks?to=ops`, secret: SECRET });
    expect((await send(sink)).error).toBeNull();
    const [got] = receiver.received;
    expect(got?.path).toBe('/hooks?to=ops');
    const headers = got?.headers as Record<string, string>;
    expect(new Webhook(SECRET).verify(got?.body ?? '', headers)).toEqual({
      type: 'alert.fired',
      timestamp: NOTICE.at,
      data: NOTICE,
    });
    expect(headers['webhook-id']).toBe('humdrum-notice-3');
    const other = new Webhook(`whsec_${Buffer.alloc(32, 8).toString('base64')}`);
    expect(() => other.verify(got?.body ?? '', headers)).toThrow('No matching signature');
  });

  it('says what it was answered, and not where: the path may be a secret', async () => {
    const receiver = await Receiver.open();
    const sink = pagerSink({ url: `${receiver.url}/hidden`, secret: SECRET });
    receiver.status = 500;
    receiver.answer = 'out of\npaper';
    expect(await errorOf(sink)).toMatch(/^127\.0\.0\.1:\d+ answered 500: out of paper$/);
    receiver.status = 302;
    receiver.headers = { location: '/elsewhere' };
    expect(await errorOf(sink)).toMatch(/answered 302/);
    expect(receiver.received).toHaveLength(2);
    receiver.status = 429;
    receiver.headers = { 'retry-after': '30' };
    expect((await send(sink)).error).toMatchObject({ name: 'RetryAfterError', afterMs: 30_000 });
    expect(await errorOf(pagerSink({ url: 'http://127.0.0.1:2', secret: SECRET }))).toMatch(
      /ECONNREFUSED/,
    );
  });

  it('does not wait for ever', async () => {
    const url = `http://127.0.0.1:${await hangingPort()}`;
    const sink = webhookSink({ url, secret: SECRET, timeoutMs: 100 });
    expect(await errorOf(sink)).toBe('webhook did not answer within 100 ms.');
  });
});

describe('Slack', () => {
  it('gets a text in which nothing is a mark of its own', async () => {
    const receiver = await Receiver.open();
    expect((await send(slackSink({ url: receiver.url }))).error).toBeNull();
    const { text } = JSON.parse(receiver.received[0]?.body ?? '') as { text: string };
    expect(text.split('\n').slice(0, 2)).toEqual([
      '*[humdrum] late test.type (warning)*',
      'test.type has last succeeded 36 min ago &amp; should &lt;every&gt; 35 min.',
    ]);
  });
});

describe('mail', () => {
  const addresses = { from: 'humdrum@example.org', to: ['ada@example.org', 'bob@example.org'] };

  it('arrives at a real server, with its sender, subject and text', async () => {
    const { port, mails, recipients } = await mailServer();
    const sink = mailSink({ url: `smtp://127.0.0.1:${port}`, ...addresses });
    expect((await send(sink)).error).toBeNull();
    expect(recipients).toEqual(addresses.to);
    expect(mails[0]).toMatchObject({
      subject: '[humdrum] late test.type (warning)',
      messageId: '<humdrum-notice-3@humdrum>',
    });
    expect(mails[0]?.from?.text).toBe('humdrum@example.org');
    expect(mails[0]?.text).toContain(NOTICE.summary);
    expect(mails[0]?.text).toContain('everyMs: 2100000');
  });

  it('logs in, and says that it could not, without the password', async () => {
    const { port, mails } = await mailServer({ user: 'ada', password: 'open sesame' });
    const to = (password: string): Sink =>
      mailSink({
        url: `smtp://ada:${encodeURIComponent(password)}@127.0.0.1:${port}`,
        ...addresses,
      });
    expect((await send(to('open sesame'))).error).toBeNull();
    expect(mails).toHaveLength(1);
    const refused = await errorOf(to('guessed it'));
    expect(refused).toMatch(/Invalid login/);
    expect(refused).not.toMatch(/guessed/);
  });

  it('is examined without a mail, and says what is wrong', async () => {
    const { port, mails } = await mailServer({ user: 'ada', password: 'open sesame' });
    const by = (login: string, at = port): Promise<Finding[]> => {
      const sink = mailSink({
        url: `smtp://${login}@127.0.0.1:${at}`,
        ...addresses,
        timeoutMs: 500,
      });
      return checkAlerts({ options: { alerts: defineAlerts({ sinks: [logSink(), sink] }) } });
    };
    const good = await by('ada:open%20sesame');
    expect(good.map(({ check, level }) => [check, level])).toEqual([
      ['alerts', 'ok'],
      ['mail', 'ok'],
    ]);
    const [, refused] = await by('ada:guessed');
    expect(refused).toMatchObject({ check: 'mail', level: 'problem' });
    expect(refused?.says).toMatch(/Invalid login/);
    expect(refused?.says).not.toMatch(/guessed/);
    const [, hanging] = await by('ada:x', await hangingPort());
    expect(hanging).toMatchObject({ level: 'problem' });
    expect(mails).toEqual([]);
    expect(await checkAlerts({ options: {} })).toMatchObject([{ level: 'ok' }]);
  });

  it('does not wait for ever', async () => {
    const url = `smtp://127.0.0.1:${await hangingPort()}`;
    const sink = mailSink({ url, ...addresses, timeoutMs: 200 });
    expect(await errorOf(sink)).toMatch(/did not answer within 200 ms|Greeting never received/);
  });
});

describe('Sentry', () => {
  it('gets an envelope with one event', async () => {
    const receiver = await Receiver.open();
    const dsn = `${receiver.url.replace('//', '//public1@')}/sub/42`;
    expect((await send(sentrySink({ dsn, environment: 'test' }))).error).toBeNull();
    const [got] = receiver.received;
    expect(got?.path).toBe('/sub/api/42/envelope/');
    expect(got?.headers).toMatchObject({
      'content-type': 'application/x-sentry-envelope',
      'x-sentry-auth': expect.stringMatching(/sentry_version=7, .*sentry_key=public1$/) as string,
    });
    const [header, item, event, end] = (got?.body ?? '').split('\n');
    const { event_id: id } = JSON.parse(header ?? '') as { event_id: string };
    expect(id).toMatch(/^[0-9a-f]{32}$/);
    expect(JSON.parse(item ?? '')).toMatchObject({ type: 'event' });
    expect(JSON.parse(event ?? '')).toMatchObject({
      event_id: id,
      level: 'warning',
      environment: 'test',
      fingerprint: ['humdrum', 'late', 'test.type'],
      message: { formatted: `late test.type fired: ${NOTICE.summary}` },
    });
    expect(end).toBe('');
  });
});

describe('a sink that cannot be', () => {
  const url = 'https://example.org/hidden';
  it.each([
    ['a URL', () => slackSink({ url: 'ftp://example.org/hidden' }), /takes a URL that begins/],
    ['a secret', () => webhookSink({ url, secret: 'hidden' }), /is whsec_ and the base64/],
    ['a short secret', () => webhookSink({ url, secret: 'whsec_aGlkZGVu' }), /24 to 64 random/],
    ['a name', () => slackSink({ url, name: 'On Call' }), /"On Call" is no name/],
    ['a time', () => slackSink({ url, timeoutMs: 99 }), /from 100 to 60,000, not 99/],
    ['a DSN', () => sentrySink({ dsn: 'https://example.org/hidden' }), /takes the DSN/],
    ['a mail server', () => mailSink({ url, from: 'a@b', to: 'c@d' }), /begins with smtps/],
  ])(
    'is refused for %s, which is not repeated where it may be a secret',
    (_what, make, message) => {
      expect(make).toThrow(message);
      expect(make).toThrow(/^((?!hidden).)*$/);
    },
  );
});
