import { createHash } from 'node:crypto';
import type { Channel } from '../engine/deliveries/receiver.ts';
import type { Severity } from '../engine/ports/events.ts';
import { HumdrumError } from '../errors.ts';
import { channelOf, type ChannelSettings } from './channel.ts';
import { request } from './http-request.ts';
import { cut, type Message, plainText } from './message.ts';

export interface SentryOptions extends ChannelSettings {
  /** `https://KEY@HOST/PROJECT`, as the project's settings show it. */
  dsn: string;
  /** As the project calls it: `production`. */
  environment?: string;
}

const OWN = { dsn: true, environment: true } as const;

const LEVELS: Record<Severity, string> = {
  notice: 'info',
  warning: 'warning',
  error: 'error',
  critical: 'fatal',
};

/**
 * Sends an event to Sentry, or to a service that takes its envelopes, like GlitchTip. Alerts of one kind and subject make one
 * issue, and so do notifications of one subject. Default name: sentry. Errors: `config-invalid`. Source:
 * https://develop.sentry.dev/sdk/data-model/envelopes/
 */
export function sentryChannel(options: SentryOptions): Channel {
  const { dsn, environment } = options;
  const { url, key } = endpointOf(dsn);
  return channelOf('sentry', options, OWN, {
    async send(message, { signal }) {
      const eventId = createHash('sha256').update(message.key).digest('hex').slice(0, 32);
      const lines = [
        { event_id: eventId },
        { type: 'event', content_type: 'application/json' },
        { ...eventOf(message), event_id: eventId, ...(environment && { environment }) },
      ];
      const headers = {
        'content-type': 'application/x-sentry-envelope',
        'x-sentry-auth': `Sentry sentry_version=7, sentry_client=humdrum/1, sentry_key=${key}`,
      };
      const body = `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`;
      await request(url, { headers, body, signal });
    },
  });
}

const MAX_CHARACTERS = 8_192;

function eventOf(message: Message): object {
  const { alert, at, channel, title, severity, data } = message;
  const common = { timestamp: at, platform: 'node', logger: 'humdrum' };
  if (!alert) {
    return {
      ...common,
      level: LEVELS[severity],
      message: { formatted: cut(plainText(message), MAX_CHARACTERS) },
      fingerprint: ['humdrum', channel, title],
      extra: { data },
    };
  }
  const { notice, kind, subject, summary, facts, alert: id } = alert;
  return {
    ...common,
    level: notice === 'resolved' || notice === 'test' ? 'info' : LEVELS[severity],
    message: { formatted: cut(`${kind} ${subject} ${notice}: ${summary}`, MAX_CHARACTERS) },
    fingerprint: ['humdrum', kind, subject],
    tags: { kind, subject, notice },
    extra: { ...facts, alert: id },
  };
}

/** Errors: `config-invalid`. */
function endpointOf(dsn: string): { url: URL; key: string } {
  const url = URL.canParse(dsn) ? new URL(dsn) : null;
  const [, path = '', project] = /^(.*)\/(\d+)$/.exec(url?.pathname ?? '') ?? [];
  const key = url?.username ?? '';
  if (!url || !/^https?:$/.test(url.protocol) || project === undefined || !/^\w+$/.test(key)) {
    throw new HumdrumError(
      'config-invalid',
      'sentryChannel takes the DSN of a project: https://KEY@HOST/PROJECT, where PROJECT is a number.',
    );
  }
  return { url: new URL(`${path}/api/${project}/envelope/`, url.origin), key };
}
