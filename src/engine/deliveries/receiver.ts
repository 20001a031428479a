import { type Names, refuseUnknown } from '../../errors.ts';
import type { Context } from '../job/context.ts';
import { defineJob } from '../job/define-job.ts';
import type { JobType, RetryPolicy } from '../job/job-type.ts';
import { deliverTo } from './deliver.ts';
import { type Delivery, deliveryInput, matches } from './delivery.ts';

interface ReceiverOptions {
  /** Lower-case words with hyphens, joined by dots. */
  name: string;
  retry?: Partial<RetryPolicy>;
  /** Default 30,000. */
  timeoutMs?: number;
}

const COMMON = { name: true, retry: true, timeoutMs: true } satisfies Names<ReceiverOptions>;

export interface SubscriberOptions extends ReceiverOptions {
  /** Names of events: `picks.game-settled`, `picks.*`, or `*` for all. */
  events: readonly string[];
  run(delivery: Delivery): Promise<unknown> | undefined;
}

const SUBSCRIBER = { ...COMMON, events: true, run: true } satisfies Names<SubscriberOptions>;

export interface ChannelOptions extends ReceiverOptions {
  /** Takes what a handler gave to `ctx.notify` with this channel's name. */
  send(delivery: Delivery): Promise<unknown> | undefined;
}

const CHANNEL = { ...COMMON, send: true } satisfies Names<ChannelOptions>;

/** Who gets effects. Each delivery is a job of its `type`, with attempts, an audit, and an operator when all have failed. */
export interface Receiver {
  /** Patterns of event names; empty for a channel. */
  readonly events: readonly string[];
  readonly type: JobType<{ job: number }>;
}

/** Hears events after the job that emitted them has committed: at least once each, those of one job in order. */
export function defineSubscriber(options: SubscriberOptions): Receiver {
  const { name, events } = options;
  refuseUnknown('type-invalid', `The subscriber "${name}"`, options, SUBSCRIBER);
  const wants = (kind: string, event: string): boolean =>
    kind === 'event' && matches(events, event);
  const run = async (delivery: Delivery): Promise<unknown> => options.run(delivery);
  return { events, type: receiverType(`deliver.${name}`, options, wants, run) };
}

/** Where notifications go: mail, chat, a webhook. At least once each, those of one job in order. */
export function defineChannel(options: ChannelOptions): Receiver {
  const { name } = options;
  refuseUnknown('type-invalid', `The channel "${name}"`, options, CHANNEL);
  const wants = (kind: string, channel: string): boolean =>
    kind === 'notification' && channel === name;
  const run = async (delivery: Delivery): Promise<unknown> => options.send(delivery);
  return { events: [], type: receiverType(`notify.${name}`, options, wants, run) };
}

function receiverType(
  type: string,
  { retry, timeoutMs = 30_000 }: ReceiverOptions,
  wants: (kind: string, name: string) => boolean,
  run: (delivery: Delivery) => Promise<unknown>,
): JobType<{ job: number }> {
  return defineJob({
    type,
    input: deliveryInput,
    queue: 'effects',
    atomic: false, // Each delivery is remembered by itself: what has been delivered is not delivered again.
    retry: { attempts: 10, ...retry },
    timeoutMs,
    run: (ctx: Context, { job }) => deliverTo(ctx, { receiver: type, job, wants, run }),
  });
}
