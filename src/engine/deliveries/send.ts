import { isError } from '../job/error-fact.ts';
import { isPermanentError, isRetryAfterError } from '../job/errors.ts';
import type { Delivery } from './delivery.ts';

/** What can be sent through, and no more. */
export interface Sender {
  readonly name: string;
  /** No attempt to send a message takes longer. */
  readonly timeoutMs: number;
  send(delivery: Delivery): Promise<unknown> | undefined;
}

/** How an attempt to send ended. `refused`: for good, by a service that is up. `aborted`: the worker ends. */
export type Sent =
  | { kind: 'sent'; durationMs: number }
  | { kind: 'failed'; error: Error; restMs: number; durationMs: number }
  | { kind: 'refused'; error: Error; durationMs: number }
  | { kind: 'aborted'; error: Error; durationMs: number };

/** Makes one attempt. It ends in time even if the channel ignores its signal, and never throws. */
export async function send(sender: Sender, delivery: Delivery): Promise<Sent> {
  const { name, timeoutMs } = sender;
  const startedMs = performance.now();
  const timeout = new AbortController();
  const timer = setTimeout(
    () => timeout.abort(new Error(`${name} did not answer within ${timeoutMs} ms.`)),
    timeoutMs,
  );
  const signal = AbortSignal.any([delivery.signal, timeout.signal]);
  try {
    await raced(async () => sender.send({ ...delivery, signal }), signal);
    return { kind: 'sent', durationMs: performance.now() - startedMs };
  } catch (thrown) {
    const durationMs = performance.now() - startedMs;
    const error = asError(thrown);
    if (delivery.signal.aborted) return { kind: 'aborted', error, durationMs };
    if (isPermanentError(error)) return { kind: 'refused', error, durationMs };
    return { kind: 'failed', error, restMs: restOf(error), durationMs };
  } finally {
    clearTimeout(timer);
  }
}

async function raced(sending: () => Promise<unknown>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  let abort = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    abort = () => reject(asError(signal.reason));
    signal.addEventListener('abort', abort);
  });
  try {
    await Promise.race([sending(), aborted]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

const MAX_REST_MS = 86_400_000;

function restOf(error: Error): number {
  const restMs = isRetryAfterError(error) ? error.afterMs : 0;
  return restMs > 0 ? Math.min(restMs, MAX_REST_MS) : 0;
}

/** A channel may throw anything. */
function asError(thrown: unknown): Error {
  if (isError(thrown)) return thrown;
  return new Error(
    typeof thrown === 'string' ? thrown : 'The channel threw a value that is no error.',
  );
}
