import type { AuditEntry } from '../../engine/audit/entry.ts';
import { WakeUp } from '../../engine/base/wake-up.ts';
import { changeMessage, heartbeat, message } from './message.ts';

/** Which changes a stream is about. */
export interface Wish {
  jobs: ReadonlySet<number> | null;
  events: ReadonlySet<string> | null;
}

/** How far everything is told: nothing up to `finalId` is to come any more, and what was visible up to `readTo` has. */
export interface Place {
  finalId: number;
  readTo: number;
}

/** What a stream needs of the hub. */
export interface Source {
  /** It moves on when all streams have been told. */
  told(): Place;
  /** Ids beyond it are of another database. */
  readonly lastId: number;
  /** Rows behind an id that are there already, and up to where. */
  after(id: number, last: number): Promise<{ rows: AuditEntry[]; through: number }>;
}

const HEARTBEAT_MS = 15_000;
/** What a slow reader has not taken is dropped beyond this, and read again for it when it takes on. */
const MOST_BUFFERED = 1_000_000;
/** Who is further behind is told to load everything anew. */
const MOST_BEHIND = 100_000;

/**
 * The messages for one reader, as they are taken. It reads up to where the hub is from the database, and then gets what the
 * hub tells; a reader that is too slow for that is read for again.
 */
export class ChangeStream {
  readonly #source: Source;
  readonly #wish: Wish;
  readonly #wakeUp = new WakeUp();
  #greeting: string | null;
  #told: string[] = [];
  #bytes = 0;
  /** Up to here everything had been told before what is in `#told`. */
  #toldFrom = 0;
  /** Where it reads from and up to; null: it is where the hub is. */
  #behind: { from: number; to: number } | null = null;
  #isOver = false;

  /** `from`: what the reader has got already. Null: it begins now. */
  constructor(source: Source, wish: Wish, from: number | null) {
    const { finalId, readTo } = source.told();
    this.#source = source;
    this.#wish = wish;
    const lost = from !== null && (from > source.lastId || readTo - from > MOST_BEHIND);
    const place = from === null || lost ? finalId : Math.min(from, finalId);
    this.#greeting = `retry: 2000\n${message(lost ? 'reset' : 'ready', place, {})}`;
    if (from !== null && !lost && from < readTo) this.#behind = { from, to: readTo };
  }

  /** What has come, by ids. */
  tell(rows: readonly AuditEntry[], { finalId, readTo }: Place): void {
    const text = this.#textOf(rows, finalId);
    if (text === '') return;
    if (this.#told.length === 0) this.#toldFrom = this.#source.told().finalId;
    this.#bytes += text.length;
    this.#told.push(text);
    if (this.#bytes > MOST_BUFFERED) {
      this.#forget();
      const from = Math.min(this.#behind?.from ?? Infinity, this.#toldFrom);
      this.#behind = { from, to: readTo };
    }
    this.#wakeUp.wake();
  }

  /** The next messages. Null: it is over. */
  async next(): Promise<string | null> {
    while (!this.#isOver) {
      const text = this.#takeTold() ?? (await this.#readOn());
      if (text !== null && text !== '') return text;
      if (text === null) {
        const { finalId } = this.#source.told();
        if ((await this.#isQuiet()) && this.#told.length === 0) return heartbeat(finalId);
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
    this.#told = [];
    this.#bytes = 0;
  }

  /** What was told comes after what is still to be read. Null: there is none. */
  #takeTold(): string | null {
    const greeting = this.#greeting;
    this.#greeting = null;
    if (greeting !== null) return greeting;
    if (this.#behind || this.#told.length === 0) return null;
    const text = this.#told.join('');
    this.#forget();
    return text;
  }

  /** Null: there is nothing to read. Empty: nothing of it was wished for. */
  async #readOn(): Promise<string | null> {
    const behind = this.#behind;
    if (!behind) return null;
    const place = this.#place;
    if (behind.to - behind.from > MOST_BEHIND) {
      this.#behind = null;
      return message('reset', place, {});
    }
    const { rows, through } = await this.#source.after(behind.from, behind.to);
    // Meanwhile it may have fallen behind anew.
    if (this.#behind === behind) {
      this.#behind = through >= behind.to ? null : { ...behind, from: through };
    }
    return this.#textOf(rows, Math.min(place, this.#place));
  }

  /** Up to here nothing is told that is not sent, but for what is being read. */
  get #place(): number {
    return this.#told.length > 0 ? this.#toldFrom : this.#source.told().finalId;
  }

  #textOf(rows: readonly AuditEntry[], finalId: number): string {
    const { jobs, events } = this.#wish;
    return rows
      .filter(({ jobId, event }) => (jobs?.has(jobId ?? 0) ?? true) && (events?.has(event) ?? true))
      .map((row) => changeMessage(row, finalId))
      .join('');
  }

  /** True: nothing has come for a while. */
  async #isQuiet(): Promise<boolean> {
    const beganMs = performance.now();
    await this.#wakeUp.wait(HEARTBEAT_MS);
    return performance.now() - beganMs >= HEARTBEAT_MS && !this.#isOver && !this.#behind;
  }
}
