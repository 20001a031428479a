import { z } from 'zod';
import { countFailure, countSuccess } from '../engine/deliveries/breaker.ts';
import { recordDelivery } from '../engine/deliveries/record.ts';
import type { Channel } from '../engine/deliveries/receiver.ts';
import { send } from '../engine/deliveries/send.ts';
import type { Context } from '../engine/job/context.ts';
import { defineJob } from '../engine/job/define-job.ts';
import type { JobType } from '../engine/job/job-type.ts';
import type { Notice } from '../engine/ports/alerts.ts';
import type { Listener } from '../engine/ports/events.ts';
import { notificationOf } from './notice.ts';

export const TEST_ALERTS = 'humdrum.test-alerts';

/** The result of a test for one sink. */
export interface SinkReport {
  sink: string;
  outcome: 'sent' | 'failed';
  error: string | null;
  durationMs: number;
}

/** Sends through all sinks at once, whatever their circuit breakers say. One that works has its breaker closed. */
export function testAlerts(sinks: readonly Channel[], tell: Listener): JobType {
  return defineJob({
    type: TEST_ALERTS,
    description: 'Sends a test alert through every sink.',
    input: z.object({}),
    queue: 'effects',
    priority: -1_000,
    atomic: false,
    retry: { attempts: 1 },
    timeoutMs: 10_000 + Math.max(...sinks.map(({ timeoutMs }) => timeoutMs)),
    run: async (ctx) => ({ sinks: await test(ctx, sinks, tell) }),
  });
}

async function test(
  ctx: Context,
  sinks: readonly Channel[],
  tell: Listener,
): Promise<SinkReport[]> {
  const { id, type, attempt } = ctx.job;
  if (id === null) return [];
  const notice = testNotice(ctx.now);
  const from = { job: { id, type, now: ctx.now }, attempt, signal: ctx.signal, tell };
  const sent = await Promise.all(
    sinks.map(async (sink) => {
      const { channel: name, ...data } = notificationOf(sink.name, notice);
      return send(sink, { ...from, key: `humdrum-test-${id}`, name, data });
    }),
  );
  const reports: SinkReport[] = [];
  for (const [at, { name: sink, type: receiver }] of sinks.entries()) {
    const result = sent[at];
    if (!result) continue;
    const { kind, durationMs } = result;
    const outcome = kind === 'sent' ? 'sent' : 'failed';
    const error = kind === 'sent' ? null : result.error.message;
    if (kind === 'sent') await countSuccess(ctx.db, sink);
    if (kind === 'failed')
      await countFailure(ctx.db, sink, { isTrial: false, restMs: result.restMs });
    const place = { job: id, ordinal: 0, receiver: receiver.type, byJob: id, attempt };
    await recordDelivery(ctx.db, { ...place, outcome, error, durationMs });
    reports.push({ sink, outcome, error, durationMs });
  }
  return reports;
}

function testNotice(now: Date): Notice {
  const at = now.toISOString();
  return {
    alert: null,
    notice: 'test',
    kind: 'test',
    subject: 'alerts',
    severity: 'notice',
    summary: 'This is a test. Alerts will arrive here.',
    facts: {},
    firedAt: at,
    at,
  };
}
