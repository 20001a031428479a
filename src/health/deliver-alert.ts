import { z } from 'zod';
import type { Queryable } from '../database/database.ts';
import type { Context } from '../engine/job/context.ts';
import { defineJob } from '../engine/job/define-job.ts';
import { RetryAfterError } from '../engine/job/errors.ts';
import type { JobType } from '../engine/job/job-type.ts';
import type { Listener } from '../engine/ports/events.ts';
import { errorMessage } from '../errors.ts';
import { type Delivery, recordDelivery, restOf } from './breaker.ts';
import { type Notice, noticeSchema } from './notice.ts';
import type { Sink } from './sink.ts';

const input = z.object({ id: z.int(), notice: noticeSchema });
export type DeliveryInput = z.output<typeof input>;

/** A sink is a job type, and to tell it something is a job. */
export const deliveryType = (sink: string): string => `humdrum.alert.${sink}`;

const ATTEMPTS = 12;
/** Beyond the time of the sink itself: to write down what came of it. */
const MARGIN_MS = 10_000;

/** Tells one sink. Each attempt is a row, and a sink that is down is left alone for a while. */
export function deliverAlert(sink: Sink, tell: Listener): JobType<DeliveryInput> {
  return defineJob({
    type: deliveryType(sink.name),
    description: `Tells ${sink.name} of an alert.`,
    input,
    queue: 'effects',
    priority: -1_000,
    atomic: false, // What came of an attempt stays, also where the attempt fails by it.
    retry: { attempts: ATTEMPTS, delayMs: 5_000, maxDelayMs: 600_000 },
    timeoutMs: sink.timeoutMs + MARGIN_MS,
    run: (ctx, given) => deliver(ctx, sink, tell, given),
  });
}

async function deliver(
  ctx: Context,
  sink: Sink,
  tell: Listener,
  { id, notice }: DeliveryInput,
): Promise<object> {
  if (ctx.rehearsal) return { message: 'A rehearsal tells nobody.' };
  const record = async (came: Pick<Delivery, 'outcome' | 'error' | 'durationMs'>) => {
    const { id: jobId, attempt } = ctx.job;
    const of = { alertId: notice.alert, noticeId: id, jobId: jobId ?? 0, attempt, sink: sink.name };
    await recordDelivery(ctx.db, { ...of, ...came });
  };
  if (await isOver(ctx.db, notice)) {
    await record({ outcome: 'superseded', error: null, durationMs: 0 });
    return { outcome: 'superseded' };
  }
  const restMs = await restOf(ctx.db, sink.name, sink.timeoutMs + MARGIN_MS);
  if (restMs !== null) {
    await record({ outcome: 'held', error: null, durationMs: 0 });
    throw new RetryAfterError(`${sink.name} has failed too often, and is left alone for a while.`, {
      afterMs: restMs,
    });
  }
  const { error, durationMs } = await attemptTo(sink, notice, {
    key: `humdrum-notice-${id}`,
    signal: ctx.signal,
    tell,
  });
  if (error !== null) {
    await record({ outcome: 'failed', error: errorMessage(error), durationMs });
    throw error;
  }
  await record({ outcome: 'sent', error: null, durationMs });
  return { outcome: 'sent' };
}

/** Nobody is told late of what is over: they would look for it. */
async function isOver(db: Queryable, { alert, notice }: Notice): Promise<boolean> {
  if (notice === 'resolved') return false;
  const { rows } = await db.query<{ over: boolean }>(
    'select resolved_at is not null as over from humdrum.alert where id = $1',
    [alert],
  );
  return rows[0]?.over ?? false;
}

export interface Attempted {
  /** Null: they were told. */
  error: Error | null;
  durationMs: number;
}

/** One attempt, which ends in time even where the sink does not heed its signal. */
export async function attemptTo(
  sink: Sink,
  notice: Notice,
  { key, signal, tell }: { key: string; signal: AbortSignal; tell: Listener },
): Promise<Attempted> {
  const { name, timeoutMs } = sink;
  const begunMs = performance.now();
  const ending = new AbortController();
  const late = setTimeout(
    () => ending.abort(new Error(`${name} did not answer within ${timeoutMs} ms.`)),
    timeoutMs,
  );
  const end = AbortSignal.any([signal, ending.signal]);
  let error: Error | null = null;
  try {
    const ended = new Promise<never>((_resolve, reject) => {
      end.addEventListener('abort', () => reject(end.reason as Error));
    });
    await Promise.race([sink.send(notice, { key, signal: end, tell }), ended]);
  } catch (thrown) {
    error = thrown instanceof Error ? worded(thrown) : new Error(String(thrown));
  } finally {
    clearTimeout(late);
  }
  return { error, durationMs: performance.now() - begunMs };
}

/** `fetch failed` says nothing: its cause does. */
function worded(error: Error): Error {
  const { cause, message } = error;
  return message === 'fetch failed' && cause instanceof Error
    ? new Error(cause.message || ('code' in cause ? String(cause.code) : cause.name), { cause })
    : error;
}
