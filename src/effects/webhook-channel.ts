import { createHmac } from 'node:crypto';
import type { Channel } from '../engine/deliveries/receiver.ts';
import { HumdrumError } from '../errors.ts';
import { channelOf, type ChannelSettings } from './channel.ts';
import { httpUrl, request } from './http-request.ts';
import type { Message } from './message.ts';

export interface WebhookOptions extends ChannelSettings {
  url: string;
  /** `whsec_` and base64 of 24 to 64 random bytes: `openssl rand -base64 32`. */
  secret: string;
}

const OWN = { url: true, secret: true } as const;

/**
 * Posts a JSON document, signed as Standard Webhooks says (https://www.standardwebhooks.com): `webhook-id`,
 * `webhook-timestamp` and `webhook-signature`. Its `type` is `notification`, or for alerts `alert.fired`, `alert.resolved` and
 * so on. Default name: webhook. Errors: `config-invalid`.
 */
export function webhookChannel(options: WebhookOptions): Channel {
  return signedChannel('webhook', options);
}

/** The same under another name, for a service that calls people. Default name: pager. Errors: `config-invalid`. */
export function pagerChannel(options: WebhookOptions): Channel {
  return signedChannel('pager', options);
}

function signedChannel(kind: string, options: WebhookOptions): Channel {
  const url = httpUrl(`${kind}Channel`, options.url);
  const key = keyOf(kind, options.secret);
  return channelOf(kind, options, OWN, {
    async send(message, { signal }) {
      const body = JSON.stringify(documentOf(message));
      // The time of sending, not of the message: receivers refuse a signature that is minutes old.
      const seconds = Math.floor(Date.now() / 1_000);
      const signed = `${message.key}.${seconds}.${body}`;
      const headers = {
        'content-type': 'application/json',
        'webhook-id': message.key,
        'webhook-timestamp': String(seconds),
        'webhook-signature': `v1,${createHmac('sha256', key).update(signed).digest('base64')}`,
      };
      await request(url, { headers, body, signal });
    },
  });
}

function documentOf({ alert, at, channel, to, title, text, data }: Message): object {
  if (alert) return { type: `alert.${alert.notice}`, timestamp: at, data: alert };
  const subject = title === '' ? null : title;
  return { type: 'notification', timestamp: at, data: { channel, to, subject, text, data } };
}

/** Errors: `config-invalid`, without the secret. */
function keyOf(kind: string, secret: string): Buffer {
  const text = secret.startsWith('whsec_') ? secret.slice('whsec_'.length) : '';
  const key = Buffer.from(text, 'base64');
  if (/^[\w+/-]+=*$/.test(text) && key.length >= 24 && key.length <= 64) return key;
  throw new HumdrumError(
    'config-invalid',
    `The secret of ${kind}Channel is whsec_ and the base64 of 24 to 64 random bytes. Make one: echo "whsec_$(openssl rand -base64 32)"`,
  );
}
