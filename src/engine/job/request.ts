import { type Names, refuseUnknown } from '../../errors.ts';
import type { LimitUse } from './limit-rule.ts';

/** At most one job with this key among the open ones (queued or running) of its type; with `forMs`, at most one in that time. */
export interface Unique {
  key: string;
  /** Holds the key for this long after the enqueue, even if the job ends before. */
  forMs?: number;
}

export const UNIQUE = { key: true, forMs: true } satisfies Names<Unique>;

/** Starts once no other job with this key was enqueued for `waitMs`. A later job replaces one that has not started. */
export interface Debounce {
  key: string;
  waitMs: number;
  /** The longest wait since the first of these jobs was enqueued. Default: no limit. */
  maxWaitMs?: number;
}

export const DEBOUNCE = { key: true, waitMs: true, maxWaitMs: true } satisfies Names<Debounce>;

export interface EnqueueOptions {
  /** When the job is due, and the handler's `ctx.now`. Default: now, on the database's clock. */
  runAt?: Date;
  /** The job is due this long from now, on the database's clock. */
  delayMs?: number;
  /** Cancelled if it has not started by then. */
  startBy?: Date;
  /** Lower runs first. One point is worth a minute of waiting. Default: the job type's. */
  priority?: number;
  /** The seed of `ctx.random` and `ctx.id`. Default: derived from the job's id. */
  seed?: string;
  unique?: Unique;
  debounce?: Debounce;
  /** Replaces the limits of the job type. */
  limits?: readonly (string | LimitUse)[];
}

const OPTIONS = {
  runAt: true,
  delayMs: true,
  startBy: true,
  priority: true,
  seed: true,
  unique: true,
  debounce: true,
  limits: true,
} satisfies Names<EnqueueOptions>;

/** A job type, as far as a request needs to know it. `defineJob` returns one. */
export interface TypeRef<Given = unknown> {
  readonly type: string;
  /** For the compiler only: what `enqueue` takes. */
  readonly '~given'?: () => Given;
}

export interface Enqueued {
  id: number;
  /** False if a job with this unique key existed already. `id` is then the id of that job. */
  created: boolean;
}

/** One job to enqueue: a type or its name, its input, and when. */
export interface JobRequest<Given = unknown> extends EnqueueOptions {
  type: TypeRef<Given> | string;
  input?: NoInfer<Given>;
  /** Jobs that are persisted together with this one. It starts once they have ended. */
  children?: ChildRequests;
}

export interface ChildRequests {
  jobs: readonly JobRequest[];
  /** What the parent does if a child fails, is cancelled or does not end in time. */
  onFailure: 'fail' | 'continue';
  /** The longest time that the parent waits, in milliseconds. Default one day. */
  withinMs?: number;
}

/** What `enqueue` takes behind a type and its input. */
export interface CallOptions extends EnqueueOptions, Pick<JobRequest, 'children'> {
  actor?: string;
}

const CHILDREN = { jobs: true, onFailure: true, withinMs: true } satisfies Names<ChildRequests>;
const REQUEST = {
  ...OPTIONS,
  type: true,
  input: true,
  children: true,
} satisfies Names<JobRequest>;
const CALL = { ...OPTIONS, children: true, actor: true } satisfies Names<CallOptions>;

/** A request for one job, from what `enqueue` was called with. Errors: `input-invalid`. */
export function requestOf(
  type: TypeRef | string,
  input: unknown,
  options: Omit<CallOptions, 'actor'> | undefined,
): JobRequest {
  refuseUnknown('input-invalid', refusalOf(type), options, CALL);
  return { type, input, ...options }; // Spread last: spread first costs V8 fifty times as long.
}

/** Errors: `input-invalid`, for options that a request does not have. */
export function checkNames(request: JobRequest): void {
  const what = refusalOf(request.type);
  refuseUnknown('input-invalid', what, request, REQUEST);
  if (request.children) {
    refuseUnknown('input-invalid', what, request.children, CHILDREN, 'children.');
  }
}

/** How each refusal of a request begins. */
export function refusalOf(type: TypeRef | string): string {
  return `The job of type ${typeof type === 'string' ? type : type.type} cannot be enqueued`;
}
