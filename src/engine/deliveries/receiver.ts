import { HumdrumError, type Names, refuseUnknown } from '../../errors.ts';
import type { Context } from '../job/context.ts';
import { defineJob } from '../job/define-job.ts';
import type { JobType, RetryPolicy } from '../job/job-type.ts';
import type { Listener } from '../ports/events.ts';
import type { Receiver } from '../ports/receivers.ts';
import { deliverEvents, sendNotifications } from './deliver.ts';
import { type Delivery, deliveryInput, matches } from './delivery.ts';

interface ReceiverOptions {
  /** Lower-case words with hyphens, joined by dots. */
  name: string;
  retry?: Partial<RetryPolicy>;
}

const COMMON = { name: true, retry: true } satisfies Names<ReceiverOptions>;

export interface SubscriberOptions extends ReceiverOptions {
  /** Names of events: `picks.game-settled`, `picks.*`, or `*` for all. */
  events: readonly string[];
  /** For all events of one job together. Default 30,000. */
  timeoutMs?: number;
  run(delivery: Delivery): Promise<unknown> | undefined;
}

const SUBSCRIBER = {
  ...COMMON,
  events: true,
  timeoutMs: true,
  run: true,
} satisfies Names<SubscriberOptions>;

export interface ChannelOptions extends ReceiverOptions {
  /** For each message. Default 30,000. */
  timeoutMs?: number;
  /**
   * Sends what a handler gave to `ctx.notify` with this channel's name. Throws if it could not: `PermanentError` if it never
   * will, `RetryAfterError` if the service said when to try again.
   */
  send(delivery: Delivery): Promise<unknown> | undefined;
  /** For `humdrum doctor`: connects without sending, and throws if a message would not get through. */
  check?(): Promise<void>;
}

const CHANNEL = {
  ...COMMON,
  timeoutMs: true,
  send: true,
  check: true,
} satisfies Names<ChannelOptions>;

/** Where notifications go, and alerts. */
export interface Channel extends Receiver {
  readonly name: string;
  readonly timeoutMs: number;
  send(delivery: Delivery): Promise<unknown> | undefined;
  check?(): Promise<void>;
}

/** Hears events after the job that emitted them has committed: at least once each, those of one job in order. */
export function defineSubscriber(options: SubscriberOptions): Receiver {
  const { name, events, timeoutMs = 30_000 } = options;
  refuseUnknown('type-invalid', `The subscriber "${name}"`, options, SUBSCRIBER);
  const receiver = `deliver.${name}`;
  const wants = (kind: string, event: string): boolean =>
    kind === 'event' && matches(events, event);
  const run = async (delivery: Delivery): Promise<unknown> => options.run(delivery);
  return receiverOf(events, (tell) =>
    receiverType(receiver, { ...options, timeoutMs }, (ctx, job) =>
      deliverEvents(ctx, { receiver, job, wants, tell, run }),
    ),
  );
}

/**
 * Sends notifications: by mail, to a chat, to a webhook. At least once each, those of one job in order. A channel that fails
 * three times in a row is left alone for a while. Errors: `type-invalid`.
 */
export function defineChannel(options: ChannelOptions): Channel {
  const { name, retry, timeoutMs = 30_000 } = options;
  refuseUnknown('type-invalid', `The channel "${name}"`, options, CHANNEL);
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1 || timeoutMs > 86_400_000) {
    throw new HumdrumError(
      'type-invalid',
      `timeoutMs of the channel "${name}" is a whole number from 1 to 86,400,000 (a day), not ${timeoutMs}.`,
    );
  }
  const receiver = `notify.${name}`;
  const wants = (kind: string, channel: string): boolean =>
    kind === 'notification' && channel === name;
  const send = async (delivery: Delivery): Promise<unknown> => options.send(delivery);
  const sender = { name, timeoutMs, send };
  return {
    ...sender,
    ...(options.check && { check: async () => options.check?.() }),
    ...receiverOf([], (tell) =>
      receiverType(receiver, retry ? { retry } : {}, (ctx, job) =>
        sendNotifications(ctx, { receiver, job, wants, tell, sender }),
      ),
    ),
  };
}

const toNobody: Listener = () => undefined;

function receiverOf(
  events: readonly string[],
  typeFor: (tell: Listener) => JobType<{ job: number }>,
): Receiver {
  return { events, type: typeFor(toNobody), typeFor };
}

function receiverType(
  type: string,
  { retry, timeoutMs }: { retry?: Partial<RetryPolicy>; timeoutMs?: number },
  deliver: (ctx: Context, job: number) => Promise<{ delivered: number }>,
): JobType<{ job: number }> {
  return defineJob({
    type,
    input: deliveryInput,
    queue: 'effects',
    atomic: false, // Each delivery is recorded on its own, so that a retry does not repeat it.
    retry: { attempts: 10, ...retry },
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    run: (ctx, { job }) => deliver(ctx, job),
  });
}
