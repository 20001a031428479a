import type { Place } from '../transitions/claim.ts';

/** A claim walks along a queue from its beginning. This long is no wonder for each job that it finds. */
const MS_PER_JOB = 0.02;
/** A walk from the beginning is worth a tenth of the time. */
const REST = 10;

/**
 * Where a worker's next claim of a queue begins. A walk from the beginning goes over all rows that were deleted and not
 * vacuumed yet, and while somebody holds an old snapshot that is every one since. So a claim goes on from where the last one
 * has ended, and from the beginning again when ten times the length of that walk have passed: so long something with an
 * earlier place (a retry, a higher priority) may be overlooked, and no longer.
 */
export class ClaimCursor {
  #last: Place | null = null;
  #wholeAtMs = -Infinity;
  #overlooked = false;

  /** Null: at the beginning. */
  from(nowMs: number): Place | null {
    return nowMs < this.#wholeAtMs ? this.#last : null;
  }

  /** `full`: there may be more behind `last`. */
  walked(
    from: Place | null,
    by: { fromMs: number; toMs: number; seen: number; last: Place | null; full: boolean },
  ): void {
    const { fromMs, toMs, seen, last, full } = by;
    if (from === null) {
      this.#wholeAtMs = toMs + REST * Math.max(0, toMs - fromMs - seen * MS_PER_JOB);
    }
    if (last && (full || isAfter(last, this.#last))) this.#last = last;
    this.#overlooked = from !== null && !full;
  }

  /** In how many milliseconds to look from the beginning, for what the last look may have overlooked. Infinity: it was whole. */
  restMs(nowMs: number): number {
    return this.#overlooked ? Math.max(0, this.#wholeAtMs - nowMs) : Infinity;
  }
}

function isAfter(one: Place, other: Place | null): boolean {
  return other === null || one.rank > other.rank || (one.rank === other.rank && one.id > other.id);
}
