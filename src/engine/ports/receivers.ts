import type { JobType } from '../job/job-type.ts';
import type { Listener } from './events.ts';

/** Takes effects. Each delivery is a job of its `type`, with attempts, an audit, and a dead letter when all attempts have failed. */
export interface Receiver {
  /** Patterns of event names; empty for a channel. */
  readonly events: readonly string[];
  readonly type: JobType<{ job: number }>;
  /** The same type, for an engine whose listeners get what the receiver passes to `tell`. */
  typeFor?(tell: Listener): JobType<{ job: number }>;
}
