import { createHmac } from 'node:crypto';
import { HumdrumError } from '../../errors.ts';
import { httpUrl, namedSink, post, type Sink, type SinkOptions } from '../sink.ts';

export interface WebhookOptions extends SinkOptions {
  url: string;
  /** `whsec_` and base64 of 24 to 64 random bytes: `openssl rand -base64 32`. */
  secret: string;
}

/**
 * Posts a JSON document, signed by the rules of Standard Webhooks (https://www.standardwebhooks.com): `webhook-id`,
 * `webhook-timestamp` and `webhook-signature`. Default name: webhook. Errors: `config-invalid`.
 */
export function webhookSink(options: WebhookOptions): Sink {
  return signedSink('webhook', options);
}

/** The same by another name: for a service that calls people. Default name: pager. Errors: `config-invalid`. */
export function pagerSink(options: WebhookOptions): Sink {
  return signedSink('pager', options);
}

function signedSink(make: string, { url: text, secret, ...options }: WebhookOptions): Sink {
  const url = httpUrl(`${make}Sink`, text);
  const key = keyOf(make, secret);
  return namedSink(make, options, async (notice, { key: id, signal }) => {
    const body = JSON.stringify({
      type: `alert.${notice.notice}`,
      timestamp: notice.at,
      data: notice,
    });
    // When it was sent, not what it tells of: receivers refuse what is minutes old. So this is the one place with a clock.
    const seconds = Math.floor(Date.now() / 1_000);
    const signature = createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64');
    const headers = {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': String(seconds),
      'webhook-signature': `v1,${signature}`,
    };
    await post(url, { headers, body, signal });
  });
}

/** Errors: `config-invalid`, without the secret. */
function keyOf(make: string, secret: string): Buffer {
  const text = secret.startsWith('whsec_') ? secret.slice('whsec_'.length) : '';
  const key = Buffer.from(text, 'base64');
  if (/^[\w+/-]+=*$/.test(text) && key.length >= 24 && key.length <= 64) return key;
  throw new HumdrumError(
    'config-invalid',
    `The secret of ${make}Sink is whsec_ and the base64 of 24 to 64 random bytes. Make one: echo "whsec_$(openssl rand -base64 32)"`,
  );
}
