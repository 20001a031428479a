import { createHash } from 'node:crypto';
import type { Severity } from '../../engine/ports/events.ts';
import { HumdrumError } from '../../errors.ts';
import type { Notice } from '../notice.ts';
import { namedSink, post, type Sink, type SinkOptions } from '../sink.ts';

export interface SentryOptions extends SinkOptions {
  /** `https://KEY@HOST/PROJECT`, as the project's settings show it. */
  dsn: string;
  /** As the project calls it: `production`. */
  environment?: string;
}

const LEVELS: Record<Severity, string> = {
  notice: 'info',
  warning: 'warning',
  error: 'error',
  critical: 'fatal',
};

/**
 * Sends an event to Sentry, or to what takes its envelopes, like GlitchTip: one issue for each kind and subject. Default
 * name: sentry. Errors: `config-invalid`. Source: https://develop.sentry.dev/sdk/data-model/envelopes/
 */
export function sentrySink({ dsn, environment, ...options }: SentryOptions): Sink {
  const { url, key } = endpointOf(dsn);
  return namedSink('sentry', options, async (notice, { key: id, signal }) => {
    const eventId = createHash('sha256').update(id).digest('hex').slice(0, 32);
    const lines = [
      { event_id: eventId },
      { type: 'event', content_type: 'application/json' },
      { ...eventOf(notice), event_id: eventId, ...(environment && { environment }) },
    ];
    const headers = {
      'content-type': 'application/x-sentry-envelope',
      'x-sentry-auth': `Sentry sentry_version=7, sentry_client=humdrum/1, sentry_key=${key}`,
    };
    const body = `${lines.map((line) => JSON.stringify(line)).join('\n')}\n`;
    await post(url, { headers, body, signal });
  });
}

function eventOf({ notice, kind, subject, severity, summary, facts, alert, at }: Notice): object {
  return {
    timestamp: at,
    platform: 'node',
    logger: 'humdrum',
    level: notice === 'resolved' || notice === 'test' ? 'info' : LEVELS[severity],
    message: { formatted: `${kind} ${subject} ${notice}: ${summary}` },
    fingerprint: ['humdrum', kind, subject],
    tags: { kind, subject, notice },
    extra: { ...facts, alert },
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
      'sentrySink takes the DSN of a project: https://KEY@HOST/PROJECT, where PROJECT is a number.',
    );
  }
  return { url: new URL(`${path}/api/${project}/envelope/`, url.origin), key };
}
