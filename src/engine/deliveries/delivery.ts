import { z } from 'zod';
import type { Json } from '../base/json.ts';
import type { Listener } from '../ports/events.ts';

/** An effect on its way to a receiver. */
export interface Delivery {
  /** The same in every attempt: a receiver that remembers it takes each effect once. */
  key: string;
  /** The name of the event, or of the channel. */
  name: string;
  data: Json;
  /** The job that the effect came from, and the instant that this job saw as now. */
  job: { id: number; type: string; now: Date };
  /** The number of this attempt, from 1. */
  attempt: number;
  /** Aborted at the timeout, or when the worker ends. */
  signal: AbortSignal;
  /** Emits an event to `onEvent` of the engine. */
  tell: Listener;
}

/** The input of a job that delivers: the job whose effects it delivers. */
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
