import type { JobType } from './job-type.ts';
import type { Gate, Limits } from './limit-rule.ts';
import type { Debounce, EnqueueOptions, Unique } from './request.ts';
import type { Vault } from './secrets.ts';

/** The children of a job. The job starts once they have ended. */
export interface Children {
  jobs: readonly NewJob[];
  /** What the parent does if a child fails, is cancelled or does not end in time. */
  onFailure: 'fail' | 'continue';
  /** The longest time that the parent waits. */
  withinMs: number;
}

export interface NewJob extends EnqueueOptions {
  type: JobType;
  input?: unknown;
  schedule?: string;
  children?: Children;
  /** When the job is due, if that differs from `runAt`, its handler's `ctx.now`. Default: `runAt`. */
  dueAt?: Date;
  /** Start only after the jobs of all earlier ticks of the schedule have ended. */
  inTurn?: boolean;
  /** The trace context, see `tracing.ts`. */
  trace?: string;
}

/** The settings that enqueueing needs besides the database. */
export interface EnqueueSettings {
  limits: Limits;
  vault: Vault;
}

/** A job whose input and options are valid, ready to be persisted. `input`: JSON, with its secrets sealed. */
export interface CheckedJob {
  readonly job: NewJob;
  readonly input: string;
  readonly unique: Unique | null;
  readonly debounce: Debounce | null;
  readonly gates: readonly Gate[];
}

/** Who enqueues, and why. `actor` null: the schedule of each job. */
export interface EnqueuedBy extends EnqueueSettings {
  actor: string | null;
  reason?: string | null;
}
