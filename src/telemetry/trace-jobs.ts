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
   * Whether the span of a run is a child of the enqueue, in one trace with it, or begins a trace of its own that links to
   * it: for jobs that are enqueued by the thousand, or run days later. Default: child.
   */
  runs?: 'child' | 'link';
}

/**
 * OpenTelemetry spans of enqueues and runs, for the SDK that the program has registered; without one they are nothing, and
 * no job carries anything. Pass it to `createHumdrum` as `tracing`.
 */
export function traceJobs({ runs = 'child' }: TraceOptions = {}): Tracing {
  const tracer = trace.getTracer('humdrum');
  return {
    enqueue: (jobs, persist) =>
      isRegistered() ? enqueueWithin(tracer, jobs, persist) : persist(null),
    // Who follows no jobs hands on what others have given them.
    run: (job, perform) =>
      isRegistered() ? runWithin(tracer, job, runs, perform) : perform(job.trace),
  };
}

/** Whether there is an SDK. Spans of none would be nothing too, but not for nothing. */
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
  // The span is as long as the handler ran. How it ended is what was recorded.
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

/** What the worker is inside of is no part of the job's story. */
function startRun(
  tracer: Tracer,
  job: ClaimedJob,
  runs: 'child' | 'link',
): { span: Span; within: Context } {
  const asker = job.trace === null ? null : readTrace(job.trace);
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
    asker && runs === 'child' ? trace.setSpanContext(ROOT_CONTEXT, asker) : ROOT_CONTEXT;
  const links = asker && runs === 'link' ? [{ context: asker }] : [];
  const span = tracer.startSpan(
    `run ${job.type}`,
    { kind: SpanKind.CONSUMER, attributes, links },
    parent,
  );
  return { span, within: trace.setSpan(parent, span) };
}

function end(span: Span, settled: Settled, endedMs: number): void {
  if (settled.kind === 'fenced') {
    refuse(span, 'fenced', 'The lease had passed: the job belongs to another worker.');
  } else if (settled.kind === 'abandoned') {
    refuse(span, 'aborted', 'The attempt was aborted and the job given back.');
  } else if ('error' in settled.outcome.ended) {
    const { class: name, message, stack } = settled.outcome.ended.error;
    fail(span, { name, message, ...(stack === null ? {} : { stack }) });
    span.setAttribute('humdrum.job.outcome', 'failed');
  } else span.setAttribute('humdrum.job.outcome', 'completed');
  span.end(endedMs);
}

function refuse(span: Span, outcome: string, message: string): void {
  span.setAttributes({ 'humdrum.job.outcome': outcome, 'error.type': outcome });
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}

function fail(span: Span, error: { name: string; message: string; stack?: string }): void {
  span.recordException(error);
  span.setAttribute('error.type', error.name);
  span.setStatus({ code: SpanStatusCode.ERROR, message: error.message });
}

/** What all of them are, or null. */
function same(values: readonly string[]): string | null {
  const [first = null] = values;
  return values.every((value) => value === first) ? first : null;
}
