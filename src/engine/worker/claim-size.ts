const AHEAD_MS = 100;
/** More are a little faster, and what is in hand outlives the young garbage: 1,000 cost a third more memory. */
const MAX_CLAIM = 500;

/**
 * How many jobs a worker should have in hand: about as many as it finishes in a tenth of a second, so that quick jobs
 * come in large batches, and slow ones are left to workers that are free.
 */
export class ClaimSize {
  #finished = 0;
  #sinceMs: number;
  #perMs = 0;

  constructor(nowMs: number) {
    this.#sinceMs = nowMs;
  }

  finishedOne(): void {
    this.#finished += 1;
  }

  /** Looks at what has been finished since the last look. */
  jobsAhead(nowMs: number): number {
    const elapsedMs = Math.max(nowMs - this.#sinceMs, 1);
    if (this.#finished > 0 || elapsedMs > AHEAD_MS) {
      this.#perMs = this.#finished / elapsedMs;
      this.#finished = 0;
      this.#sinceMs = nowMs;
    }
    return Math.min(Math.ceil(this.#perMs * AHEAD_MS), MAX_CLAIM);
  }
}
