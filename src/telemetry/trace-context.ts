import {
  createTraceState,
  isSpanContextValid,
  type Span,
  type SpanContext,
} from '@opentelemetry/api';

/** https://www.w3.org/TR/trace-context/: version, trace, span, flags. Later versions may append more fields. */
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?$/;
const LONGEST_STATE = 512;

/** Returns `traceparent`, followed by a space and `tracestate` if there is one. Null if the span context is invalid. */
export function writeTrace(span: Span): string | null {
  const spanContext = span.spanContext();
  if (!isSpanContextValid(spanContext)) return null;
  const { traceId, spanId, traceFlags, traceState } = spanContext;
  const flags = traceFlags.toString(16).padStart(2, '0');
  const parent = `00-${traceId}-${spanId}-${flags}`;
  const state = traceState?.serialize() ?? '';
  return state === '' || state.length > LONGEST_STATE ? parent : `${parent} ${state}`;
}

/** Null if the text is malformed. An invalid trace must not keep a job from running. */
export function readTrace(text: string): SpanContext | null {
  const [parent = '', ...state] = text.split(' ');
  const [, traceId = '', spanId = '', flags = ''] = TRACEPARENT.exec(parent) ?? [];
  const spanContext = { traceId, spanId, traceFlags: parseInt(flags, 16), isRemote: true };
  if (!isSpanContextValid(spanContext)) return null;
  if (state.length === 0) return spanContext;
  return { ...spanContext, traceState: createTraceState(state.join(' ')) };
}
