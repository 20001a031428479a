import type { AuditEntry } from '../../engine/audit/entry.ts';
import { WakeUp } from '../../engine/base/wake-up.ts';
import { changeMessage, heartbeat, message } from './message.ts';

/** The changes that a stream asked for. Null: all. */
export interface Wish {
  jobs: ReadonlySet<number> | null;
  events: ReadonlySet<string> | null;
}

/** The hub's position. No new rows can appear up to `finalId`. All rows visible up to `readTo` have been sent. */
export interface Place {
  finalId: number;
  readTo: number;
}

/** The part of the hub that a stream uses. */
export interface Source {
  /** The hub's position. Advances after rows were pushed to all streams. */
  sent(): Place;
  /** Higher ids must come from another database. */
  readonly lastId: number;
  /** Existing rows after an id, and the id that they were read through. */
  after(id: number, last: number): Promise<{ rows: AuditEntry[]; through: number }>;
}

const HEARTBEAT_MS = 15_000;
/** Beyond this, the messages buffered for a slow reader are dropped, and read again when it continues. In characters. */
const MOST_BUFFERED = 1_000_000;
/** Readers further behind get `reset`. In rows. */
const MOST_BEHIND = 100_000;

/**
 * The messages for one reader. Reads from the database up to the hub's position, then takes what the hub pushes. If the reader
 * is too slow for that, reads from the database again.
 */
export class ChangeStream {
  readonly #source: Source;
  readonly #wish: Wish;
  readonly #wakeUp = new WakeUp();
  #greeting: string | null;
  #pushed: string[] = [];
  #bytes = 0;
  /** The hub's final position before the first message in `#pushed`. */
  #pushedFrom = 0;
  /** The range still to read from the database. Null if the stream has caught up with the hub. */
  #behind: { from: number; to: number } | null = null;
  #isOver = false;

  /** `from`: the reader's last position. Null: start now. */
  constructor(source: Source, wish: Wish, from: number | null) {
    const { finalId, readTo } = source.sent();
    this.#source = source;
    this.#wish = wish;
    const lost = from !== null && (from > source.lastId || readTo - from > MOST_BEHIND);
    const place = from === null || lost ? finalId : Math.min(from, finalId);
    this.#greeting = `retry: 2000\n${message(lost ? 'reset' : 'ready', place, {})}`;
    if (from !== null && !lost && from < readTo) this.#behind = { from, to: readTo };
  }

  /** Adds new rows, in the order of their ids. */
  push(rows: readonly AuditEntry[], { finalId, readTo }: Place): void {
    const text = this.#textOf(rows, finalId);
    if (text === '') return;
    if (this.#pushed.length === 0) this.#pushedFrom = this.#source.sent().finalId;
    this.#bytes += text.length;
    this.#pushed.push(text);
    if (this.#bytes > MOST_BUFFERED) {
      this.#forget();
      const from = Math.min(this.#behind?.from ?? Infinity, this.#pushedFrom);
      this.#behind = { from, to: readTo };
    }
    this.#wakeUp.wake();
  }

  /** The next messages. Null once the stream has ended. */
  async next(): Promise<string | null> {
    while (!this.#isOver) {
      const text = this.#takePushed() ?? (await this.#readOn());
      if (text !== null && text !== '') return text;
      if (text === null) {
        const { finalId } = this.#source.sent();
        if ((await this.#isQuiet()) && this.#pushed.length === 0) return heartbeat(finalId);
      }
    }
    return null;
  }

  end(): void {
    this.#isOver = true;
    this.#forget();
    this.#wakeUp.wake();
  }

  #forget(): void {
    this.#pushed = [];
    this.#bytes = 0;
  }

  /** The greeting, then pushed messages, but only after everything before them has been read. Null if there are none. */
  #takePushed(): string | null {
    const greeting = this.#greeting;
    this.#greeting = null;
    if (greeting !== null) return greeting;
    if (this.#behind || this.#pushed.length === 0) return null;
    const text = this.#pushed.join('');
    this.#forget();
    return text;
  }

  /** Reads the next rows from the database. Null if the stream has caught up. Empty if no row matches the wish. */
  async #readOn(): Promise<string | null> {
    const behind = this.#behind;
    if (!behind) return null;
    const place = this.#place;
    if (behind.to - behind.from > MOST_BEHIND) {
      this.#behind = null;
      return message('reset', place, {});
    }
    const { rows, through } = await this.#source.after(behind.from, behind.to);
    // The stream may have fallen behind again in the meantime.
    if (this.#behind === behind) {
      this.#behind = through >= behind.to ? null : { ...behind, from: through };
    }
    return this.#textOf(rows, Math.min(place, this.#place));
  }

  /** The position up to which everything is sent once the current read has been. */
  get #place(): number {
    return this.#pushed.length > 0 ? this.#pushedFrom : this.#source.sent().finalId;
  }

  #textOf(rows: readonly AuditEntry[], finalId: number): string {
    const { jobs, events } = this.#wish;
    return rows
      .filter(({ jobId, event }) => (jobs?.has(jobId ?? 0) ?? true) && (events?.has(event) ?? true))
      .map((row) => changeMessage(row, finalId))
      .join('');
  }

  /** Waits for news. True if none came within the heartbeat interval. */
  async #isQuiet(): Promise<boolean> {
    const beganMs = performance.now();
    await this.#wakeUp.wait(HEARTBEAT_MS);
    return performance.now() - beganMs >= HEARTBEAT_MS && !this.#isOver && !this.#behind;
  }
}
