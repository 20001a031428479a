import type { Channel } from '../engine/deliveries/receiver.ts';
import type { Severity } from '../engine/ports/events.ts';
import { HumdrumError } from '../errors.ts';
import { channelOf, type ChannelSettings } from './channel.ts';
import { httpUrl, request } from './http-request.ts';
import { cut, type Message } from './message.ts';

export interface DatadogOptions extends ChannelSettings {
  apiKey: string;
  /** Where the account is: `datadoghq.eu`, `us3.datadoghq.com`. Default `datadoghq.com`. */
  site?: string;
  /** On every event: `env:production`. */
  tags?: readonly string[];
  /** In place of `https://api.SITE`: a proxy. */
  url?: string;
}

const OWN = { apiKey: true, site: true, tags: true, url: true } as const;

const TYPES: Record<Severity, string> = {
  notice: 'info',
  warning: 'warning',
  error: 'error',
  critical: 'error',
};

/**
 * Posts to the event stream of Datadog. Alerts of one kind and subject are grouped, and so are notifications of one subject.
 * Default name: datadog. Errors: `config-invalid`. Source: https://docs.datadoghq.com/api/latest/events/post-an-event/ (v1)
 */
export function datadogChannel(options: DatadogOptions): Channel {
  const {
    apiKey,
    site = 'datadoghq.com',
    tags = [],
    url = `https://api.${site}`,
    timeoutMs = 10_000,
  } = options;
  if (!/^\w{16,128}$/.test(apiKey)) {
    throw new HumdrumError('config-invalid', 'datadogChannel takes the API key of an account.');
  }
  if (!/^[a-z0-9-]+(\.[a-z0-9-]+)+$/.test(site)) {
    throw new HumdrumError('config-invalid', `"${site}" is no site of Datadog: datadoghq.eu`);
  }
  const base = httpUrl('datadogChannel', url);
  const headers = { 'content-type': 'application/json', 'dd-api-key': apiKey };
  return channelOf('datadog', options, OWN, {
    async send(message, { signal }) {
      const body = JSON.stringify(eventOf(message, tags));
      await request(new URL('/api/v1/events', base), { headers, body, signal });
    },
    async check() {
      const signal = AbortSignal.timeout(timeoutMs);
      await request(new URL('/api/v1/validate', base), { method: 'GET', headers, signal });
    },
  });
}

const MAX_TITLE_CHARACTERS = 500;
const MAX_TEXT_CHARACTERS = 4_000;
const MAX_KEY_CHARACTERS = 100;
/** Datadog refuses events that are 18 hours old. An older one is dated by its arrival. */
const MAX_AGE_MS = 17 * 3_600_000;

function eventOf(message: Message, tags: readonly string[]): object {
  const { alert, at, title, text, link } = message;
  const page = link === null ? '' : `\n\n${link}`;
  const atMs = Date.parse(at);
  return {
    title: cut(title || `Humdrum: ${message.channel}`, MAX_TITLE_CHARACTERS),
    text: `${cut(text, MAX_TEXT_CHARACTERS - page.length)}${page}`,
    alert_type: typeOf(message),
    aggregation_key: cut(
      alert ? `${alert.kind} ${alert.subject}` : title || message.channel,
      MAX_KEY_CHARACTERS,
    ),
    tags: [
      ...tags,
      ...(alert
        ? [`kind:${alert.kind}`, `subject:${alert.subject}`, `notice:${alert.notice}`]
        : [`channel:${message.channel}`]),
    ],
    ...(Date.now() - atMs < MAX_AGE_MS && { date_happened: Math.floor(atMs / 1_000) }),
  };
}

function typeOf({ alert, severity }: Message): string {
  if (alert?.notice === 'resolved') return 'success';
  return alert?.notice === 'test' ? 'info' : TYPES[severity];
}
