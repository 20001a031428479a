import type { JobType } from './job-type.ts';
import type { Gate, Limits } from './limit-rule.ts';
import type { Debounce, EnqueueOptions, Unique } from './request.ts';
import type { Vault } from './secrets.ts';

/** A job that starts when its children have ended. */
export interface Children {
  jobs: readonly NewJob[];
  /** What becomes of the parent when one of them fails, is cancelled or does not end in time. */
  onFailure: 'fail' | 'continue';
  /** How long it waits for them at most. Default one day. */
  withinMs: number;
}

export interface NewJob extends EnqueueOptions {
  type: JobType;
  input?: unknown;
  schedule?: string;
  children?: Children;
  /** Where it is first due at another instant than the one that its handler sees as now. Default: `runAt`. */
  dueAt?: Date;
  /** It starts when the jobs of all earlier ticks of its schedule have ended. */
  inTurn?: boolean;
  /** The trace that it belongs to, see `tracing.ts`. */
  trace?: string;
}

/** What persisting a job takes, besides the database. */
export interface EnqueueSettings {
  limits: Limits;
  vault: Vault;
}

/** A job that may be persisted: its input fits, its options are in range. */
export interface CheckedJob {
  readonly job: NewJob;
  readonly input: string;
  readonly unique: Unique | null;
  readonly debounce: Debounce | null;
  readonly gates: readonly Gate[];
}

/** Who asks, and why. `actor` null: the schedule of each job. */
export interface EnqueuedBy extends EnqueueSettings {
  actor: string | null;
  reason?: string | null;
}
