import { type Channel, defineChannel } from '../engine/deliveries/receiver.ts';
import type { RetryPolicy } from '../engine/job/job-type.ts';
import { HumdrumError, type Names, refuseUnknown } from '../errors.ts';
import type { Delivery } from '../engine/deliveries/delivery.ts';
import { type Message, messageOf } from './message.ts';

/** What every ready-made channel can be given. */
export interface ChannelSettings {
  /** Default: the kind of channel. Needed where there are two of one kind. */
  name?: string;
  /** For each message. Default 10,000; from 100 to 60,000. */
  timeoutMs?: number;
  /** Default: 12 attempts, the second within 5 seconds, the later ones within 10 minutes at most. */
  retry?: Partial<RetryPolicy>;
}

const SETTINGS = { name: true, timeoutMs: true, retry: true } satisfies Names<ChannelSettings>;

/** What a kind of channel does. */
export interface Service {
  send(message: Message, delivery: Delivery): Promise<void>;
  check?(): Promise<void>;
}

const NAME = /^[a-z][a-z0-9-]{0,49}$/;
const RETRY = { attempts: 12, delayMs: 5_000, maxDelayMs: 600_000 };

/** `own`: the options that only this kind of channel has. Errors: `config-invalid`. */
export function channelOf<Options extends ChannelSettings>(
  kind: string,
  options: Options,
  own: Names<Omit<Options, keyof ChannelSettings>>,
  service: Service,
): Channel {
  refuseUnknown('config-invalid', `${kind}Channel`, options, { ...SETTINGS, ...own });
  const { name = kind, timeoutMs = 10_000, retry } = options;
  checkSettings(name, timeoutMs);
  return defineChannel({
    name,
    timeoutMs,
    retry: { ...RETRY, ...retry },
    send: async (delivery) => service.send(messageOf(delivery), delivery),
    ...(service.check && { check: async () => service.check?.() }),
  });
}

/** Errors: `config-invalid`. */
export function checkSettings(name: string, timeoutMs: number): void {
  if (!NAME.test(name)) {
    throw new HumdrumError(
      'config-invalid',
      `"${name}" is not a valid name for a channel. Use lower-case words with hyphens, at most 50 characters: on-call`,
    );
  }
  if (!Number.isInteger(timeoutMs) || timeoutMs < 100 || timeoutMs > 60_000) {
    throw new HumdrumError(
      'config-invalid',
      `timeoutMs of the channel "${name}" is a whole number from 100 to 60,000, not ${timeoutMs}.`,
    );
  }
}
