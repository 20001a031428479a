/** A job that a worker holds under a lease, with the number of the attempt that it is about to make. */
export interface ClaimedJob {
  readonly id: number;
  readonly attempt: number;
  readonly leaseId: number;
  readonly type: string;
  /** Of its input. */
  readonly version: number;
  readonly queue: string;
  readonly rank: number;
  readonly maxAttempts: number;
  readonly input: unknown;
  readonly runAt: Date;
  /** From when it was due to this claim, on the database's clock. Of an attempt after the first it says nothing. */
  readonly waitedMs: number;
  readonly seed: string;
  /** The trace that it belongs to, see `tracing.ts`. */
  readonly trace: string | null;
  /** Null for a job that has nothing to do with others, as most. */
  readonly ties: Ties | null;
}

/** What a job has to do with others. Whoever settles it lets them know. */
export interface Ties {
  /** It has a key that no other open job of its type has. */
  readonly unique: boolean;
  /** Another job waits for it. */
  readonly child: boolean;
  /** It waited for children: what becomes of it if one of them has not completed. */
  readonly onChildFailure: 'fail' | 'continue' | null;
  /** The first gate that it stands in line at. */
  readonly gate: string | null;
}
