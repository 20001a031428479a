import type { Database } from '../../database/database.ts';
import { NoReplyError } from '../../database/reply.ts';

const LIMIT_OF_LEASE = 2 / 3;
const LEAST_LIMIT_MS = 2_000;
const LOOK_MS = 500;
/** The limit doubles with each missing reply, so that a slow database is not cut off again and again, and is as before later. */
const MOST_DOUBLINGS = 6;
const FORGET_MS = 300_000;

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
  #doublings = 0;
  #lastMs = -Infinity;

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
    return performance.now() - this.#options.sentMs() > this.#limitMs;
  }

  get #limitMs(): number {
    return replyLimitMs(this.#options.leaseMs) * 2 ** this.#currentDoublings;
  }

  get #currentDoublings(): number {
    return performance.now() - this.#lastMs > FORGET_MS ? 0 : this.#doublings;
  }

  #look(): void {
    if (!this.#isLate) return;
    this.#options.onNoReply(new NoReplyError(this.#limitMs));
    this.#doublings = Math.min(this.#currentDoublings + 1, MOST_DOUBLINGS);
    this.#lastMs = performance.now();
    this.#database.reconnect();
  }
}
