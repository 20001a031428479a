import {
  type Attributes,
  context,
  type Context,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
  type Tracer,
} from '@opentelemetry/api';
import type { ClaimedJob } from '../engine/job/claimed-job.ts';
import type { NewJob } from '../engine/job/new-job.ts';
import type { Settled } from '../engine/job/outcome.ts';
import type { Tracing } from '../engine/ports/tracing.ts';
import { readTrace, writeTrace } from './trace-context.ts';

export interface TraceOptions {
  /**
   * `child`: the span of a run is a child of the enqueue span, in the same trace. `link`: it starts its own trace, linked to
   * the enqueue span, for jobs that are enqueued by the thousand or run days later. Default: child.
   */
  runs?: 'child' | 'link';
}

/**
 * Creates OpenTelemetry spans for enqueues and runs, with the SDK that the program has registered. Without an SDK it creates no
 * spans and adds nothing to jobs. Pass it to `createHumdrum` as `tracing`.
 */
export function traceJobs({ runs = 'child' }: TraceOptions = {}): Tracing {
  const tracer = trace.getTracer('humdrum');
  return {
    enqueue: (jobs, persist) =>
      isRegistered() ? enqueueWithin(tracer, jobs, persist) : persist(null),
    // Without an SDK, jobs enqueued by this job inherit its trace.
    run: (job, perform) =>
      isRegistered() ? runWithin(tracer, job, runs, perform) : perform(job.trace),
  };
}

/** Whether an SDK is registered. Without one, spans would do nothing but still cost time. */
function isRegistered(): boolean {
  const provider = trace.getTracerProvider();
  const ours = provider instanceof ProxyTracerProvider;
  return !ours || provider.getDelegateTracer('humdrum') !== undefined;
}

async function enqueueWithin(
  tracer: Tracer,
  jobs: readonly NewJob[],
  persist: Parameters<Tracing['enqueue']>[1],
): ReturnType<Tracing['enqueue']> {
  const span = startEnqueue(tracer, jobs);
  try {
    const within = trace.setSpan(context.active(), span);
    const enqueued = await context.with(within, () => persist(writeTrace(span)));
    const [only, another] = enqueued;
    if (only && !another) span.setAttribute('messaging.message.id', String(only.id));
    return enqueued;
  } catch (error) {
    fail(span, error instanceof Error ? error : new Error(String(error)));
    throw error;
  } finally {
    span.end();
  }
}

async function runWithin(
  tracer: Tracer,
  job: ClaimedJob,
  runs: 'child' | 'link',
  perform: Parameters<Tracing['run']>[1],
): ReturnType<Tracing['run']> {
  const { span, within } = startRun(tracer, job, runs);
  const performed = await context.with(within, () => perform(writeTrace(span)));
  const endedMs = performance.now();
  // The span ends when the handler ended, but its outcome is the one that was recorded.
  void performed.settled.then(
    (settled) => end(span, settled, endedMs),
    () => span.end(endedMs),
  );
  return performed;
}

function startEnqueue(tracer: Tracer, jobs: readonly NewJob[]): Span {
  const type = same(jobs.map((job) => job.type.type));
  const queue = same(jobs.map((job) => job.type.queue));
  const attributes: Attributes = {
    'messaging.system': 'humdrum',
    'messaging.operation.name': 'enqueue',
    'messaging.operation.type': 'send',
    ...(queue === null ? {} : { 'messaging.destination.name': queue }),
    ...(type === null ? {} : { 'humdrum.job.type': type }),
    ...(jobs.length === 1 ? {} : { 'messaging.batch.message_count': jobs.length }),
  };
  const name = type === null ? 'enqueue' : `enqueue ${type}`;
  return tracer.startSpan(name, { kind: SpanKind.PRODUCER, attributes });
}

/** Starts from the root context: the worker's active span is unrelated to the job. */
function startRun(
  tracer: Tracer,
  job: ClaimedJob,
  runs: 'child' | 'link',
): { span: Span; within: Context } {
  const enqueuer = job.trace === null ? null : readTrace(job.trace);
  const attributes: Attributes = {
    'messaging.system': 'humdrum',
    'messaging.operation.name': 'run',
    'messaging.operation.type': 'process',
    'messaging.destination.name': job.queue,
    'messaging.message.id': String(job.id),
    'humdrum.job.type': job.type,
    'humdrum.job.attempt': job.attempt,
  };
  const parent =
    enqueuer && runs === 'child' ? trace.setSpanContext(ROOT_CONTEXT, enqueuer) : ROOT_CONTEXT;
  const links = enqueuer && runs === 'link' ? [{ context: enqueuer }] : [];
  const span = tracer.startSpan(
    `run ${job.type}`,
    { kind: SpanKind.CONSUMER, attributes, links },
    parent,
  );
  return { span, within: trace.setSpan(parent, span) };
}

function end(span: Span, settled: Settled, endedMs: number): void {
  if (settled.kind === 'fenced') {
    setUnrecorded(span, 'fenced', 'The lease had expired: the job belongs to another worker.');
  } else if (settled.kind === 'abandoned') {
    setUnrecorded(span, 'aborted', 'The attempt was aborted and the job released.');
  } else if ('error' in settled.outcome.ended) {
    const { class: name, message, stack } = settled.outcome.ended.error;
    fail(span, { name, message, ...(stack === null ? {} : { stack }) });
    span.setAttribute('humdrum.job.outcome', 'failed');
  } else span.setAttribute('humdrum.job.outcome', 'completed');
  span.end(endedMs);
}

function setUnrecorded(span: Span, outcome: string, message: string): void {
  span.setAttributes({ 'humdrum.job.outcome': outcome, 'error.type': outcome });
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}

function fail(span: Span, error: { name: string; message: string; stack?: string }): void {
  span.recordException(error);
  span.setAttribute('error.type', error.name);
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
}

/** The value that all of them share, or null. */
function same(values: readonly string[]): string | null {
  const [first = null] = values;
  return values.every((value) => value === first) ? first : null;
}
