import { z } from 'zod';
import type { Json } from '../base/json.ts';

/** An effect on its way to whoever wants it. */
export interface Delivery {
  /** The same however often it is delivered: a receiver that remembers it sees each effect once. */
  key: string;
  /** The event's name, or the channel's. */
  name: string;
  data: Json;
  /** The job that it came from, and the instant that this job saw as now. */
  job: { id: number; type: string; now: Date };
  /** Of this delivery, from 1. */
  attempt: number;
  /** Aborted at the timeout or when the worker ends. */
  signal: AbortSignal;
}

/** Of the job that delivers: whose effects. */
export const deliveryInput = z.object({ job: z.number().int() });

/** Whether one of the patterns fits: a name, `picks.*`, or `*`. */
export function matches(patterns: readonly string[], event: string): boolean {
  return patterns.some(
    (pattern) =>
      pattern === '*' ||
      pattern === event ||
      (pattern.endsWith('.*') && event.startsWith(pattern.slice(0, -1))),
  );
}
