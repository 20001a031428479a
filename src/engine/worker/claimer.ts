import type { ClaimedJob } from '../job/claimed-job.ts';
import type { Runtime } from '../ports/runtime.ts';
import { claimAlone, claimNext } from '../transitions/claim.ts';
import { release } from '../transitions/release.ts';
import { ClaimCursor } from './claim-cursor.ts';
import type { JobRunner } from './job-runner.ts';

export interface ClaimerOptions {
  queues: readonly string[];
  leaseMs: number;
  /** Called when the database did not take a claim. */
  onFailed: (error: unknown) => void;
}

/** Claims jobs for a runner, and gives back those of claims that got no reply. */
export class Claimer {
  readonly #runtime: Runtime;
  readonly #runner: JobRunner;
  readonly #options: ClaimerOptions;
  readonly #cursors: ReadonlyMap<string, ClaimCursor>;
  /** A claim got no reply. Until then it may still take jobs that this process does not know of. */
  #releaseUnknownUntilMs = -Infinity;
  #lastFailed = false;
  /** When the claim that waits for its reply was sent. Infinity: none waits. */
  sentMs = Infinity;

  constructor(runtime: Runtime, runner: JobRunner, options: ClaimerOptions) {
    this.#runtime = { ...runtime, database: runtime.database.own() };
    this.#runner = runner;
    this.#options = options;
    this.#cursors = new Map(options.queues.map((queue) => [queue, new ClaimCursor()]));
  }

  /** The last claim failed: the database does not reply, or refuses. */
  get lastFailed(): boolean {
    return this.#lastFailed;
  }

  /** Claims up to `room` jobs. Returns how many rows it took from the queues. */
  async claim(workerId: number, room: number): Promise<number> {
    const { database, types, onEvent } = this.#runtime;
    const single = types.single.length > 0 ? types.single : null;
    const wanted = single ? this.#runner.free : room;
    let left = room;
    try {
      for (const [queue, cursor] of this.#cursors) {
        const startMs = performance.now();
        const after = cursor.from(startMs);
        this.sentMs = startMs;
        const { jobs, taken, last } = await claimNext(database, workerId, {
          queue,
          types: types.signatures,
          limit: left,
          after,
          ...(single && { single: { types: single, free: this.#runner.free } }),
        });
        const endMs = performance.now();
        cursor.advance(after, { startMs, endMs, taken, last, full: taken >= left });
        onEvent({ event: 'jobs-claimed', queue, jobs: jobs.length, tookMs: endMs - startMs });
        this.#runner.take(jobs);
        left -= taken;
        if (left <= 0) break;
      }
      this.#lastFailed = false;
    } catch (error) {
      this.#failed(error);
    }
    this.sentMs = Infinity;
    // With types of a single attempt, a claim may end before one of their jobs, and more may be behind it.
    this.#runner.foundAll = room - left < wanted;
    return room - left;
  }

  /** Claims a job that waits to run alone. Returns whether there was one. */
  async claimAlone(workerId: number): Promise<boolean> {
    const { database, types } = this.#runtime;
    const from = { queues: this.#options.queues, types: types.signatures };
    this.sentMs = performance.now();
    try {
      const job = await claimAlone(database, workerId, from);
      if (job) this.#runner.take([job]);
      return job !== null;
    } catch (error) {
      this.#failed(error);
      return false;
    } finally {
      this.sentMs = Infinity;
    }
  }

  #failed(error: unknown): void {
    this.#lastFailed = true;
    this.#runtime.onEvent({ event: 'trouble', doing: 'claiming', error });
    this.#releaseUnknownUntilMs = performance.now() + this.#options.leaseMs;
    this.#options.onFailed(error);
  }

  /** Milliseconds until a claim should start at the beginning of a queue again. Infinity: none was skipped. */
  untilRescanMs(): number {
    const nowMs = performance.now();
    return Math.min(...[...this.#cursors.values()].map((cursor) => cursor.untilRescanMs(nowMs)));
  }

  /**
   * A claim that got no reply may have taken jobs that this process does not know of, under a lease that its heartbeats
   * keep alive. The server may still be running the claim after the connection is lost, so this repeats for `leaseMs`.
   */
  async releaseUnknown(workerId: number): Promise<void> {
    if (performance.now() >= this.#releaseUnknownUntilMs) return;
    const reason = 'its claim was not answered';
    const released = await this.releaseExcept(workerId, this.#runner.jobs, reason);
    if (released > 0) this.#runtime.onEvent({ event: 'jobs-released', released });
  }

  async releaseExcept(
    workerId: number,
    keep: readonly ClaimedJob[],
    reason?: string,
  ): Promise<number> {
    const ids = keep.map(({ id }) => id);
    try {
      return await release(this.#runtime.database, workerId, ids, reason);
    } catch (error) {
      this.#runtime.onEvent({ event: 'trouble', doing: 'giving jobs back', error });
      return 0;
    }
  }
}
