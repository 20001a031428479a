import type { QueuePosition } from '../transitions/claim.ts';

/** Expected cost per job found. A longer scan from the beginning has crossed dead rows. */
const MS_PER_JOB = 0.02;
/** Scans from the beginning may take a tenth of the time. */
const RESCAN_FACTOR = 10;

/** One claim: when it ran, how many rows it took and where it ended. */
interface Scan {
  startMs: number;
  endMs: number;
  taken: number;
  last: QueuePosition | null;
  /** It took all that it asked for, so there may be more after `last`. */
  full: boolean;
}

/**
 * Where a worker's next claim of a queue starts. A scan from the beginning crosses every deleted row that is not vacuumed
 * yet; while an old snapshot is open, that is every row deleted since. So a claim continues where the last one ended, and
 * starts from the beginning again after ten times the excess duration of the last such scan. Until then it may skip a job
 * with an earlier position: a retry, or one with a higher priority.
 */
export class ClaimCursor {
  #last: QueuePosition | null = null;
  #rescanAtMs = -Infinity;
  #mayHaveSkipped = false;

  /** Null: start at the beginning. */
  from(nowMs: number): QueuePosition | null {
    return nowMs < this.#rescanAtMs ? this.#last : null;
  }

  /** Records a claim that started at `from`. */
  advance(from: QueuePosition | null, { startMs, endMs, taken, last, full }: Scan): void {
    if (from === null) {
      const excessMs = Math.max(0, endMs - startMs - taken * MS_PER_JOB);
      this.#rescanAtMs = endMs + RESCAN_FACTOR * excessMs;
    }
    if (last && (full || isAfter(last, this.#last))) this.#last = last;
    this.#mayHaveSkipped = from !== null && !full;
  }

  /** Milliseconds until a claim should start from the beginning. Infinity: the last scan skipped nothing. */
  untilRescanMs(nowMs: number): number {
    return this.#mayHaveSkipped ? Math.max(0, this.#rescanAtMs - nowMs) : Infinity;
  }
}

function isAfter(one: QueuePosition, other: QueuePosition | null): boolean {
  return other === null || one.rank > other.rank || (one.rank === other.rank && one.id > other.id);
}
