import { describe, expect, it } from 'vitest';
import { datadogChannel, sentryChannel, slackChannel } from '../../src/effects/channels.ts';
import { Receiver } from '../support/receivers.ts';
import { API_KEY, deliver, LINKED, NOTICE, NOW, outcomeOf } from './channels.ts';

describe('Slack', () => {
  it('gets a text in which nothing is a mark of its own', async () => {
    const receiver = await Receiver.open();
    expect(await outcomeOf(slackChannel({ url: receiver.url }))).toBe('sent');
    const { text } = JSON.parse(receiver.received[0]?.body ?? '') as { text: string };
    expect(text.split('\n').slice(0, 2)).toEqual([
      '*[humdrum] late test.type (warning)*',
      'test.type last succeeded 36 min ago &amp; should &lt;succeed&gt; every 35 min.',
    ]);
  });
});

describe('Slack, for a notification', () => {
  it('gets subject, text and link', async () => {
    const receiver = await Receiver.open();
    const channel = slackChannel({ url: receiver.url });
    expect(await outcomeOf(channel, LINKED)).toBe('sent');
    expect(await outcomeOf(channel, { to: '', text: 'a'.repeat(100_000) })).toBe('sent');
    const texts = receiver.received.map(({ body }) => (JSON.parse(body) as { text: string }).text);
    expect(texts[0]).toBe('*Hello*\nYou &lt;won&gt;.\n<https://example.org/jobs?a=1%7C2|Open>');
    expect(texts[1]).toHaveLength(7_500);
  });
});

describe('Datadog', () => {
  it('gets an event by its API, version 1', async () => {
    const receiver = await Receiver.open();
    receiver.status = 202;
    const channel = datadogChannel({ apiKey: API_KEY, url: receiver.url, tags: ['env:test'] });
    expect(await outcomeOf(channel)).toBe('sent');
    expect(await outcomeOf(channel, LINKED)).toBe('sent');
    const [alert, letter] = receiver.received;
    expect(alert?.path).toBe('/api/v1/events');
    expect(alert?.headers).toMatchObject({
      'dd-api-key': API_KEY,
      'content-type': 'application/json',
    });
    expect(JSON.parse(alert?.body ?? '')).toEqual({
      title: '[humdrum] late test.type (warning)',
      text: expect.stringContaining(NOTICE.summary) as string,
      alert_type: 'warning',
      aggregation_key: 'late test.type',
      tags: ['env:test', 'kind:late', 'subject:test.type', 'notice:fired'],
      ...dated(NOTICE.at),
    });
    expect(JSON.parse(letter?.body ?? '')).toEqual({
      title: 'Hello',
      text: 'You <won>.\n\nhttps://example.org/jobs?a=1|2',
      alert_type: 'error',
      aggregation_key: 'Hello',
      tags: ['env:test', 'channel:datadog'],
      ...dated(NOW.toISOString()),
    });
  });

  it('gets no more than it takes', async () => {
    const receiver = await Receiver.open();
    const channel = datadogChannel({ apiKey: API_KEY, url: receiver.url });
    await deliver(channel, { data: { to: '', subject: 'b'.repeat(900), text: 'a'.repeat(9_000) } });
    const event = JSON.parse(receiver.received[0]?.body ?? '') as Record<string, string>;
    expect([event['title']?.length, event['text']?.length]).toEqual([500, 4_000]);
    expect(event['aggregation_key']).toHaveLength(100);
  });

  it('is examined by its key, without an event', async () => {
    const receiver = await Receiver.open();
    receiver.status = 200;
    const channel = datadogChannel({ apiKey: API_KEY, url: receiver.url });
    await channel.check?.();
    expect(receiver.received).toMatchObject([
      { path: '/api/v1/validate', headers: { 'dd-api-key': API_KEY } },
    ]);
    receiver.status = 403;
    await expect(channel.check?.()).rejects.toThrow(/answered 403/);
    await expect(channel.check?.()).rejects.toThrow(new RegExp(`^((?!${API_KEY}).)*$`));
  });
});

/** Datadog takes no event that is 18 hours old. */
function dated(at: string): object {
  const ageMs = Date.now() - Date.parse(at);
  return ageMs < 17 * 3_600_000 ? { date_happened: Date.parse(at) / 1_000 } : {};
}

describe('Sentry', () => {
  it('gets an envelope with one event', async () => {
    const receiver = await Receiver.open();
    const dsn = `${receiver.url.replace('//', '//public1@')}/sub/42`;
    expect(await outcomeOf(sentryChannel({ dsn, environment: 'test' }))).toBe('sent');
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

describe('Sentry, for a notification', () => {
  it('gets subject, text and severity', async () => {
    const receiver = await Receiver.open();
    const dsn = `${receiver.url.replace('//', '//public1@')}/42`;
    expect(await outcomeOf(sentryChannel({ dsn }), LINKED)).toBe('sent');
    const [, , event] = (receiver.received[0]?.body ?? '').split('\n');
    expect(JSON.parse(event ?? '')).toMatchObject({
      level: 'fatal',
      fingerprint: ['humdrum', 'sentry', 'Hello'],
      message: { formatted: 'Hello\n\nYou <won>.\n\nhttps://example.org/jobs?a=1|2' },
    });
  });
});
