import type { LimitUse } from './limit-rule.ts';

/** At most one job with this key among the open ones (queued or running) of its type; with `forMs`, at most one in that time. */
export interface Unique {
  key: string;
  /** Hold the key for so long from the enqueue, whatever becomes of the job. */
  forMs?: number;
}

/** Starts when nothing more with this key has come for `waitMs`; a later job takes the place of one that has not started. */
export interface Debounce {
  key: string;
  waitMs: number;
  /** But at the latest so long after the first of them. */
  maxWaitMs?: number;
}

export interface EnqueueOptions {
  /** Not before this instant, and what the handler sees as `ctx.now`. Default: now, on the database's clock. */
  runAt?: Date;
  /** Not before so long from now, on the database's clock. */
  delayMs?: number;
  /** Cancelled if it has not started by then. */
  startBy?: Date;
  /** Lower runs first; a point is worth a minute of waiting. Default: the job type's. */
  priority?: number;
  /** Of the job's random numbers and ids. Default: made from its id. */
  seed?: string;
  unique?: Unique;
  debounce?: Debounce;
  /** In place of those of the job type. */
  limits?: readonly (string | LimitUse)[];
}

/** A job type, as far as a request needs to know it. `defineJob` returns one. */
export interface TypeRef<Input = unknown> {
  readonly type: string;
  parse(input: unknown): Promise<Input>;
}

export interface Enqueued {
  id: number;
  /** False: a job with this unique key was there already, and this is its id. */
  created: boolean;
}

/** One job to enqueue: a type or its name, its input, and when. */
export interface JobRequest<Input = unknown> extends EnqueueOptions {
  type: TypeRef<Input> | string;
  input?: Input;
  /** Jobs that are persisted together with this one, and which it waits for. */
  children?: {
    jobs: readonly JobRequest[];
    /** What becomes of the parent when one of them fails, is cancelled or does not end in time. */
    onFailure: 'fail' | 'continue';
    /** How long it waits for them at most, in milliseconds. Default one day. */
    withinMs?: number;
  };
}
