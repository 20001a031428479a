import { context, trace } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { NodeTracerProvider, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-node';
import { Client } from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createHumdrum, defineSubscriber, PermanentError } from '../../src/index.ts';
import { traceJobs, type TraceOptions } from '../../src/telemetry/index.ts';
import { anyBackend, freshUrl, type Fresh } from '../support/databases.ts';
import { job, openEngine } from '../support/engine.ts';
import { OtlpReceiver } from './otlp-receiver.ts';

const PRODUCER = 4;
const CONSUMER = 5;
const ERROR = 2;

/** What a program does that wants traces. */
async function register(): Promise<OtlpReceiver> {
  const receiver = await OtlpReceiver.listen();
  const exporter = new OTLPTraceExporter({ url: receiver.url });
  const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
  provider.register();
  onTestFinished(async () => {
    await provider.shutdown();
    trace.disable();
    context.disable();
  });
  return receiver;
}

/** Within a span of the caller's own. */
async function within<T>(name: string, fn: () => Promise<T>): Promise<T> {
  return trace.getTracer('test').startActiveSpan(name, async (span) => {
    try {
      return await fn();
    } finally {
      span.end();
    }
  });
}

anyBackend('traces', (fresh) => {
  const emit = job('test.emit', (ctx) => {
    ctx.emit('test.happened', {});
    trace.getActiveSpan()?.setAttribute('test.seen', ctx.job.id ?? 0);
    return null;
  });

  it('lead from who enqueues to the run and to the delivery of its effects', async () => {
    const receiver = await register();
    const heard: string[] = [];
    const listener = defineSubscriber({
      name: 'listener',
      events: ['test.*'],
      run: async () => void heard.push(trace.getActiveSpan()?.spanContext().traceId ?? ''),
    });
    const { humdrum, events } = await open(fresh, { jobs: [emit], receivers: [listener] });
    const { id } = await within('request', () => humdrum.enqueue(emit));
    await humdrum.start();
    await events.settled(2);
    await receiver.received(4);
    const [request] = receiver.named('request');
    const [enqueue] = receiver.named('enqueue test.emit');
    const [run] = receiver.named('run test.emit');
    const [delivery] = receiver.named('run deliver.listener');
    expect(enqueue).toMatchObject({
      kind: PRODUCER,
      traceId: request?.traceId,
      parentSpanId: request?.spanId,
      attributes: {
        'messaging.system': 'humdrum',
        'messaging.operation.name': 'enqueue',
        'messaging.operation.type': 'send',
        'messaging.destination.name': 'default',
        'messaging.message.id': String(id),
        'humdrum.job.type': 'test.emit',
      },
    });
    expect(run).toMatchObject({
      kind: CONSUMER,
      traceId: request?.traceId,
      parentSpanId: enqueue?.spanId,
      attributes: {
        'messaging.operation.name': 'run',
        'messaging.operation.type': 'process',
        'messaging.message.id': String(id),
        'humdrum.job.attempt': 1,
        'humdrum.job.outcome': 'completed',
        'test.seen': id, // The handler's own span is this one.
      },
    });
    expect(delivery).toMatchObject({ traceId: request?.traceId, parentSpanId: run?.spanId });
    expect(heard).toEqual([request?.traceId]);
    const settled = events.all.find((event) => event.event === 'job-settled');
    expect(settled).toMatchObject({
      outcome: { trace: `00-${run?.traceId}-${run?.spanId}-01` },
    });
  });

  it('have a span for each attempt, with the error as it is recorded', async () => {
    const receiver = await register();
    const stumble = job('test.stumble', (ctx) => {
      if (ctx.job.attempt === 1) throw new TypeError('once');
      throw new PermanentError('never');
    });
    const { humdrum, events } = await open(fresh, { jobs: [stumble] });
    await humdrum.enqueue(stumble);
    await humdrum.start();
    await events.settled(2);
    await receiver.received(3);
    const runs = receiver.named('run test.stumble');
    expect(runs.map(({ attributes }) => attributes['humdrum.job.attempt'])).toEqual([1, 2]);
    expect(new Set(runs.map(({ traceId }) => traceId)).size).toBe(1);
    expect(runs[0]).toMatchObject({
      status: { code: ERROR, message: 'once' },
      attributes: { 'error.type': 'TypeError', 'humdrum.job.outcome': 'failed' },
      events: [
        {
          name: 'exception',
          attributes: { 'exception.type': 'TypeError', 'exception.message': 'once' },
        },
      ],
    });
    expect(runs[1]).toMatchObject({ attributes: { 'error.type': 'PermanentError' } });
  });

  it('have what a handler enqueues below its run', async () => {
    const receiver = await register();
    const child = job('test.child', () => null);
    const parent = job('test.parent', (ctx) => ctx.enqueueMany([{ type: child }, { type: child }]));
    const { humdrum, events } = await open(fresh, { jobs: [child, parent] });
    await humdrum.enqueue(parent);
    await humdrum.start();
    await events.settled(3);
    await receiver.received(5);
    const [run] = receiver.named('run test.parent');
    const [enqueue] = receiver.named('enqueue test.child');
    expect(enqueue).toMatchObject({
      parentSpanId: run?.spanId,
      attributes: { 'messaging.batch.message_count': 2 },
    });
    const children = receiver.named('run test.child');
    expect(children.map(({ parentSpanId }) => parentSpanId)).toEqual([
      enqueue?.spanId,
      enqueue?.spanId,
    ]);
  });

  it('may be one for each run, which links to who enqueued it', async () => {
    const receiver = await register();
    const note = job('test.note', () => null);
    const { humdrum, events } = await open(fresh, { jobs: [note] }, { runs: 'link' });
    await humdrum.enqueue(note);
    await humdrum.start();
    await events.settled(1);
    await receiver.received(2);
    const [enqueue] = receiver.named('enqueue test.note');
    const [run] = receiver.named('run test.note');
    expect(run?.traceId).not.toBe(enqueue?.traceId);
    expect(run?.parentSpanId).toBeUndefined();
    expect(run?.links).toMatchObject([{ traceId: enqueue?.traceId, spanId: enqueue?.spanId }]);
  });

  it('begin with the run where a schedule, or nobody that is traced, has asked', async () => {
    const receiver = await register();
    const note = job('test.note', () => null);
    const { humdrum, events } = await open(fresh, { jobs: [note] });
    const quiet = await createHumdrum({ database: humdrum.database, jobs: [note] });
    await quiet.enqueue(note);
    await within('program', () => humdrum.start());
    await events.settled(1);
    await receiver.received(2);
    const [run] = receiver.named('run test.note');
    const [program] = receiver.named('program');
    expect(run?.parentSpanId).toBeUndefined();
    expect(run?.traceId).not.toBe(program?.traceId);
  });

  it('say when an enqueue is refused', async () => {
    const receiver = await register();
    const note = job('test.note', () => null);
    const { humdrum } = await open(fresh, { jobs: [note] });
    const late = new Date(NaN);
    await expect(humdrum.enqueue(note, {}, { runAt: late })).rejects.toThrow(/runAt/);
    await receiver.received(1);
    expect(receiver.named('enqueue test.note')).toMatchObject([{ status: { code: ERROR } }]);
  });

  async function open(
    of: Fresh,
    options: Parameters<typeof openEngine>[1],
    how: TraceOptions = {},
  ) {
    return openEngine(await of(), { ...options, tracing: traceJobs(how) });
  }
});

describe('a job of a transaction that the caller holds', () => {
  it('carries the trace too', async () => {
    const receiver = await register();
    const note = job('test.note', () => null);
    const url = await freshUrl();
    const humdrum = await createHumdrum({ database: url, jobs: [note], tracing: traceJobs() });
    onTestFinished(() => humdrum.close());
    const client = new Client({ connectionString: url });
    await client.connect();
    await client.query('begin');
    await humdrum.enqueueWithin(client, [{ type: note }]);
    await client.query('commit');
    await client.end();
    await humdrum.drain();
    await receiver.received(2);
    const [enqueue] = receiver.named('enqueue test.note');
    expect(receiver.named('run test.note')).toMatchObject([{ parentSpanId: enqueue?.spanId }]);
  });
});
