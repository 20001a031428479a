import { errorFact } from '../../src/engine/job/error-fact.ts';
import type { Delivery } from '../../src/engine/deliveries/delivery.ts';
import { send, type Sent } from '../../src/engine/deliveries/send.ts';
import type { Notice } from '../../src/health/index.ts';
import { notificationOf } from '../../src/health/notice.ts';
import type { Channel, EngineEvent, Json } from '../../src/index.ts';

export const SECRET = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
export const API_KEY = '0123456789abcdef0123456789abcdef';

export const NOTICE: Notice = {
  alert: 7,
  notice: 'fired',
  kind: 'late',
  subject: 'test.type',
  severity: 'warning',
  summary: 'test.type last succeeded 36 min ago & should <succeed> every 35 min.',
  facts: { everyMs: 2_100_000 },
  firedAt: '2026-03-02T09:40:00.000Z',
  at: '2026-03-02T09:40:00.000Z',
};

export const NOW = new Date('2026-03-02T10:00:00.000Z');
export const LETTER = { to: 'ada@example.org', subject: 'Hello', text: 'You <won>.' };
export const LINKED = {
  ...LETTER,
  data: { severity: 'critical', link: 'https://example.org/jobs?a=1|2' },
};

/** Sends an alert, or the given notification. */
export async function deliver(
  channel: Channel,
  { data, tell = () => undefined }: { data?: Json; tell?: (event: EngineEvent) => void } = {},
): Promise<Sent> {
  const { channel: name, ...alert } = notificationOf(channel.name, NOTICE);
  const delivery: Delivery = {
    key: 'humdrum-7-3',
    name,
    data: data === undefined ? (JSON.parse(JSON.stringify(alert)) as Json) : data,
    job: { id: 7, type: 'test.type', now: NOW },
    attempt: 1,
    signal: new AbortController().signal,
    tell,
  };
  return send(channel, delivery);
}

export async function outcomeOf(channel: Channel, data?: Json): Promise<string> {
  const sent = await deliver(channel, data === undefined ? {} : { data });
  return sent.kind === 'sent' ? 'sent' : `${sent.kind}: ${errorFact(sent.error).message}`;
}
