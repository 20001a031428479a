import { type Channel, defineChannel } from '../engine/deliveries/receiver.ts';
import { PermanentError } from '../engine/job/errors.ts';
import type { Notice } from '../engine/ports/alerts.ts';
import type { Listener } from '../engine/ports/events.ts';
import type { Receiver } from '../engine/ports/receivers.ts';
import { HumdrumError } from '../errors.ts';
import { checkSettings } from '../effects/channel.ts';
import { messageOf } from '../effects/message.ts';

/** A channel for alerts alone. For all notifications see `defineChannel`. */
export interface Sink {
  /** Lower-case words with hyphens, unique among the channels. */
  readonly name: string;
  /** No attempt to send a notice takes longer. */
  readonly timeoutMs: number;
  /** Throws if the notice could not be sent. `RetryAfterError`: try again then. */
  send(notice: Notice, by: SendBy): Promise<void>;
  /** For `humdrum doctor`: connects without sending, and throws if a notice would not get through. */
  check?(): Promise<void>;
}

export interface SendBy {
  /** The same in every attempt: a receiver that remembers it takes each notice once. */
  readonly key: string;
  /** Aborted at the timeout. */
  readonly signal: AbortSignal;
  /** Emits an event to `onEvent` of the engine. */
  readonly tell: Listener;
}

const RETRY = { attempts: 12, delayMs: 5_000, maxDelayMs: 600_000 };

/** Channels as they are, and sinks as channels. Errors: `config-invalid`. */
export function asChannel(sink: Channel | Sink): Channel {
  if (isChannel(sink)) return sink;
  if (typeof sink?.name !== 'string' || typeof sink.send !== 'function') {
    throw new HumdrumError(
      'config-invalid',
      'alerts: a sink is a channel, such as slackChannel({ url }), or has `name`, `timeoutMs` and `send`.',
    );
  }
  checkSettings(sink.name, sink.timeoutMs);
  return defineChannel({
    name: sink.name,
    timeoutMs: sink.timeoutMs,
    retry: RETRY,
    async send(delivery) {
      const { alert } = messageOf(delivery);
      if (!alert) throw new PermanentError(`The channel ${sink.name} takes alerts only.`);
      const { key, signal, tell } = delivery;
      await sink.send(alert, { key, signal, tell });
    },
    ...(sink.check && { check: async () => sink.check?.() }),
  });
}

export function isChannel(sink: Channel | Sink | Receiver): sink is Channel {
  return (
    typeof sink === 'object' &&
    sink !== null &&
    'events' in sink &&
    'type' in sink &&
    'send' in sink
  );
}
