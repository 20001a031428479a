import type { Database } from '../../database/database.ts';
import { NoReplyError } from '../../database/reply.ts';

const LIMIT_OF_LEASE = 2 / 3;
const LEAST_LIMIT_MS = 2_000;
const LOOK_MS = 500;

/** A heartbeat, a claim or a settlement that takes longer has no reply. */
export const replyLimitMs = (leaseMs: number): number =>
  Math.max(LEAST_LIMIT_MS, leaseMs * LIMIT_OF_LEASE);

export interface ReplyWatchOptions {
  leaseMs: number;
  /** When the statements that wait for replies were sent, by `performance.now()`. Infinity: none waits. */
  sentMs: () => number;
  onNoReply: (error: NoReplyError) => void;
}

/**
 * Looks twice a second whether a statement has waited for its reply for too long: its connection is likely dead, and so are
 * others. All are cut off, and their statements are made again over new ones. A timer for each statement would cost more.
 */
export class ReplyWatch {
  readonly #database: Database;
  readonly #options: ReplyWatchOptions;
  readonly #timer: NodeJS.Timeout;

  constructor(database: Database, options: ReplyWatchOptions) {
    this.#database = database;
    this.#options = options;
    // After a handler has blocked the event loop, a reply may be there and not be read yet: it is read before the second turn.
    this.#timer = setInterval(() => {
      if (this.#isLate) setImmediate(() => setImmediate(() => this.#look()));
    }, LOOK_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  get #isLate(): boolean {
    return performance.now() - this.#options.sentMs() > replyLimitMs(this.#options.leaseMs);
  }

  #look(): void {
    if (!this.#isLate) return;
    this.#options.onNoReply(new NoReplyError(replyLimitMs(this.#options.leaseMs)));
    this.#database.reconnect();
  }
}
