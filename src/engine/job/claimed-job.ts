/** A job that a worker holds under a lease. `attempt`: the number of the attempt that is about to run, from 1. */
export interface ClaimedJob {
  readonly id: number;
  readonly attempt: number;
  readonly leaseId: number;
  readonly type: string;
  /** The version of its input. */
  readonly version: number;
  readonly queue: string;
  readonly rank: number;
  readonly maxAttempts: number;
  readonly input: unknown;
  readonly runAt: Date;
  /** From when it was due to this claim, on the database's clock. Meaningful for the first attempt only. */
  readonly waitedMs: number;
  readonly seed: string;
  /** The trace context of its enqueue, see `tracing.ts`. */
  readonly trace: string | null;
  /** Null for most jobs: they share nothing with other jobs. */
  readonly ties: Ties | null;
}

/** What a job shares with others: a limit, a unique key, a parent, children. Settling it may unblock them. */
export interface Ties {
  /** It has a unique key. */
  readonly unique: boolean;
  /** A parent waits or waited for it. */
  readonly child: boolean;
  /** What it does if one of its children has not completed. Null if it has none. */
  readonly onChildFailure: 'fail' | 'continue' | null;
  /** The first gate in whose line it waits. */
  readonly gate: string | null;
}
