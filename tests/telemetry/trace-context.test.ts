import { createTraceState, trace, type SpanContext } from '@opentelemetry/api';
import { describe, expect, it } from 'vitest';
import { readTrace, writeTrace } from '../../src/telemetry/trace-context.ts';
import { traceJobs } from '../../src/telemetry/trace-jobs.ts';
import { anyBackend } from '../support/databases.ts';
import { job, openEngine } from '../support/engine.ts';

const IDS = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: 1,
} as const;
const PARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

describe('the context that a job carries', () => {
  const written = (spanContext: SpanContext) => writeTrace(trace.wrapSpanContext(spanContext));

  it('is what the W3C says, with the state behind it', () => {
    expect(written(IDS)).toBe(PARENT);
    const traceState = createTraceState('one=1,two=a b');
    expect(written({ ...IDS, traceState })).toBe(`${PARENT} one=1,two=a b`);
    const read = readTrace(`${PARENT} one=1,two=a b`);
    expect(read).toMatchObject({ ...IDS, isRemote: true });
    expect(read?.traceState?.get('two')).toBe('a b');
  });

  it('is left out where a span belongs to no trace', () => {
    expect(written({ ...IDS, traceId: '0'.repeat(32) })).toBeNull();
  });

  it.each(['', 'nonsense', '00-xyz-b7ad6b7169203331-01', PARENT.replaceAll(/[1-9a-f]/g, '0')])(
    'that says %j is none',
    (text) => {
      expect(readTrace(text)).toBeNull();
    },
  );

  it('of a later version is read as far as it is known', () => {
    expect(readTrace(`${PARENT.replace(/^00/, '01')}-more`)).toMatchObject(IDS);
  });
});

anyBackend('without an SDK', (fresh) => {
  it('nothing is carried, and handlers have no span', async () => {
    const spans: unknown[] = [];
    const note = job('test.note', () => void spans.push(trace.getActiveSpan()));
    const db = await fresh();
    const { humdrum, events } = await openEngine(db, { jobs: [note], tracing: traceJobs() });
    await humdrum.enqueueMany([{ type: note }, { type: note }]);
    await humdrum.start();
    await events.settled(2);
    const { rows } = await db.query('select distinct trace from humdrum.job');
    expect(rows).toEqual([{ trace: null }]);
    expect(spans).toEqual([undefined, undefined]);
    expect(events.all.filter((e) => e.event === 'job-settled' && e.outcome.trace)).toEqual([]);
  });
});
