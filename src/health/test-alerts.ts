import { z } from 'zod';
import type { Context } from '../engine/job/context.ts';
import { defineJob } from '../engine/job/define-job.ts';
import type { JobType } from '../engine/job/job-type.ts';
import type { Listener } from '../engine/ports/events.ts';
import { recordDelivery } from './breaker.ts';
import { attemptTo } from './deliver-alert.ts';
import type { Notice } from './notice.ts';
import type { Sink } from './sink.ts';

export const TEST_ALERTS = 'humdrum.test-alerts';

/** What came of a test, sink by sink. */
export interface SinkReport {
  sink: string;
  outcome: 'sent' | 'failed';
  error: string | null;
  durationMs: number;
}

/** Tells all sinks at once, breaker or not: a sink that takes it is trusted again. */
export function testAlerts(sinks: readonly Sink[], tell: Listener): JobType {
  return defineJob({
    type: TEST_ALERTS,
    description: 'Sends a test alert through every sink.',
    input: z.object({}),
    queue: 'effects',
    priority: -1_000,
    atomic: false,
    retry: { attempts: 1 },
    timeoutMs: 10_000 + Math.max(...sinks.map(({ timeoutMs }) => timeoutMs)),
    run: (ctx) => test(ctx, sinks, tell),
  });
}

async function test(
  ctx: Context,
  sinks: readonly Sink[],
  tell: Listener,
): Promise<{ sinks: SinkReport[] }> {
  const { id: jobId, attempt } = ctx.job;
  if (jobId === null) return { sinks: [] };
  const { signal } = ctx;
  const notice = testNotice(ctx.now);
  const reports = await Promise.all(
    sinks.map(async (sink): Promise<SinkReport> => {
      const key = `humdrum-test-${jobId}`;
      const { error, durationMs } = await attemptTo(sink, notice, { key, signal, tell });
      const outcome = error ? 'failed' : 'sent';
      return { sink: sink.name, outcome, error: error?.message ?? null, durationMs };
    }),
  );
  for (const report of reports) {
    await recordDelivery(ctx.db, { alertId: null, noticeId: null, jobId, attempt, ...report });
  }
  return { sinks: reports };
}

function testNotice(now: Date): Notice {
  const at = now.toISOString();
  return {
    alert: null,
    notice: 'test',
    kind: 'test',
    subject: 'alerts',
    severity: 'notice',
    summary: 'This is a test: whoever reads it will be told of alerts here.',
    facts: {},
    firedAt: at,
    at,
  };
}
