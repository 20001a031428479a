/** A difference that no pause of this process explains: it is measured from the sending of the query. */
const TOLERANCE_MS = 1_000;

/** Notices when the database's clock is set forward, by comparing it with the clock of this process that nobody sets. */
export class ClockWatch {
  #offsetMs: number | null = null;
  #steppedAtMs = -Infinity;

  /** `nowMs`: the database's clock, read between `sentMs` and `answeredMs` of this process. */
  observe(nowMs: number, sentMs: number, answeredMs: number): void {
    if (this.#offsetMs !== null && nowMs - answeredMs - this.#offsetMs > TOLERANCE_MS) {
      this.#steppedAtMs = answeredMs;
    }
    this.#offsetMs = nowMs - sentMs;
  }

  /** Milliseconds since the last step forward, on the clock of this process. Infinity: none was seen. */
  sinceStepMs(atMs: number): number {
    return atMs - this.#steppedAtMs;
  }
}
