import type { Context } from '../job/context.ts';
import { errorFact } from '../job/error-fact.ts';
import { PostponedError } from '../job/errors.ts';
import type { Listener } from '../ports/events.ts';
import { admit, countFailure, countSuccess } from './breaker.ts';
import type { Delivery } from './delivery.ts';
import { type DeliveryAttempt, recordDelivery } from './record.ts';
import { send, type Sender, type Sent } from './send.ts';
import { deliveryOf, type Undelivered, undelivered } from './undelivered.ts';

/** What one delivery job has to do. */
interface Order {
  /** The job whose effects are delivered. */
  job: number;
  receiver: string;
  wants: (kind: string, name: string) => boolean;
  tell: Listener;
}

/** Hands the events of a job to a subscriber, in order. Each is recorded as soon as it is taken; the first failure ends it. */
export async function deliverEvents(
  ctx: Context,
  order: Order & { run: (delivery: Delivery) => Promise<unknown> },
): Promise<{ delivered: number }> {
  let delivered = 0;
  for await (const effect of undelivered(ctx.db, order)) {
    ctx.signal.throwIfAborted();
    if (!ctx.rehearsal) {
      const startedMs = performance.now();
      await order.run(deliveryOf(ctx, order.job, effect, order.tell));
      const durationMs = performance.now() - startedMs;
      await recordDelivery(ctx.db, {
        ...attemptAt(ctx, order, effect),
        outcome: 'sent',
        durationMs,
      });
    }
    delivered += 1;
  }
  return { delivered };
}

/** A trial that has no result so long after its timeout was lost with its process. */
const TRIAL_MARGIN_MS = 10_000;

/**
 * Sends the notifications of a job through a channel, in order, unless its circuit breaker is open. A message that the
 * service refuses for good does not hold up those behind it; any other failure ends the attempt.
 */
export async function sendNotifications(
  ctx: Context,
  order: Order & { sender: Sender },
): Promise<{ delivered: number }> {
  const { name, timeoutMs } = order.sender;
  let delivered = 0;
  let refusal: Error | null = null;
  let isTrial: boolean | null = null;
  for await (const message of undelivered(ctx.db, order)) {
    ctx.signal.throwIfAborted();
    delivered += 1;
    if (ctx.rehearsal) continue;
    if (isTrial === null) {
      const admission = await admit(ctx.db, name, timeoutMs + TRIAL_MARGIN_MS);
      if (admission.kind === 'open') throw await hold(ctx, order, message, admission.restMs);
      isTrial = admission.kind === 'trial';
    }
    const sent = await send(order.sender, deliveryOf(ctx, order.job, message, order.tell));
    if (sent.kind === 'aborted') throw sent.error;
    await record(ctx, order, message, { sent, isTrial });
    if (sent.kind === 'failed') throw sent.error;
    if (sent.kind === 'refused') refusal ??= sent.error;
    isTrial = false;
  }
  if (refusal) throw refusal;
  return { delivered };
}

/** The breaker first: should the process die in between, the message is sent again and the breaker is right. */
async function record(
  ctx: Context,
  order: Order & { sender: Sender },
  message: Undelivered,
  { sent, isTrial }: { sent: Exclude<Sent, { kind: 'aborted' }>; isTrial: boolean },
): Promise<void> {
  const { name } = order.sender;
  if (sent.kind === 'failed') await countFailure(ctx.db, name, { isTrial, restMs: sent.restMs });
  else await countSuccess(ctx.db, name);
  await recordDelivery(ctx.db, {
    ...attemptAt(ctx, order, message),
    outcome: sent.kind === 'sent' ? 'sent' : 'failed',
    error: sent.kind === 'sent' ? null : errorFact(sent.error).message,
    durationMs: sent.durationMs,
  });
}

async function hold(
  ctx: Context,
  order: Order & { sender: Sender },
  message: Undelivered,
  afterMs: number,
): Promise<PostponedError> {
  await recordDelivery(ctx.db, { ...attemptAt(ctx, order, message), outcome: 'held' });
  return new PostponedError(`The circuit breaker of ${order.sender.name} is open.`, { afterMs });
}

function attemptAt(
  ctx: Context,
  { job, receiver }: Order,
  { ordinal }: Undelivered,
): Omit<DeliveryAttempt, 'outcome'> {
  const { id: byJob, attempt } = ctx.job;
  return { job, ordinal, receiver, byJob, attempt, error: null, durationMs: 0 };
}
