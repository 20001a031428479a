import { setTimeout as wait } from 'node:timers/promises';
import { WakeUp } from '../../engine/base/wake-up.ts';
import { ChangeFeed, changesAfter } from '../../engine/audit/change-feed.ts';
import type { Humdrum } from '../../engine/humdrum.ts';
import { lastDrawnId } from '../../engine/audit/writers.ts';
import { HumdrumError } from '../../errors.ts';
import { ChangeStream, type Place, type Source, type Wish } from './stream.ts';

export interface HubOptions {
  /** Called for database errors. */
  onError: (error: unknown) => void;
  /** Ends all streams. */
  signal?: AbortSignal;
}

const placeOf = ({ finalId, readTo }: ChangeFeed): Place => ({ finalId, readTo });

const MOST_STREAMS = 100;
/** Streams end regularly so that permissions are checked again. Clients reconnect by themselves. */
const LIFE_MS = 900_000;
/** Maximum delay of a change that was not announced. */
const POLL_MS = 1_000;
/** Minimum time between reads, however many changes are announced. */
const SPACING_MS = 100;
const AFTER_TROUBLE_MS = 5_000;

/** Feeds changes to all streams of a process. Reads once for all of them, and not at all if there are none. */
export class ChangeHub {
  readonly #humdrum: Humdrum;
  readonly #options: HubOptions;
  readonly #streams = new Set<ChangeStream>();
  readonly #wakeUp = new WakeUp();
  #opening = 0;
  #feed: Promise<ChangeFeed> | null = null;
  #sent: Place = { finalId: 0, readTo: 0 };

  constructor(humdrum: Humdrum, options: HubOptions) {
    this.#humdrum = humdrum;
    this.#options = options;
    options.signal?.addEventListener('abort', () => this.#endAll(), { once: true });
  }

  /** Opens a stream of messages. Errors: `too-many-requests`, `database-closed`. */
  async open(wish: Wish, from: number | null, signal: AbortSignal): Promise<ReadableStream> {
    if (this.#streams.size + this.#opening >= MOST_STREAMS) {
      throw new HumdrumError(
        'too-many-requests',
        `All ${MOST_STREAMS} streams of this process are in use. Try again later.`,
      );
    }
    const stream = await this.#join(wish, from);
    const life = setTimeout(() => stream.end(), LIFE_MS);
    const end = (): void => {
      clearTimeout(life);
      this.#streams.delete(stream);
      stream.end();
      this.#wakeUp.wake();
    };
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted || this.#options.signal?.aborted) end();
    return bytesOf(stream, end);
  }

  async #join(wish: Wish, from: number | null): Promise<ChangeStream> {
    this.#opening += 1;
    try {
      await (this.#feed ??= this.#start());
      const stream = new ChangeStream(await this.#sourceOf(), wish, from);
      this.#streams.add(stream);
      return stream;
    } finally {
      this.#opening -= 1;
    }
  }

  async #sourceOf(): Promise<Source> {
    const { database } = this.#humdrum;
    const lastId = await lastDrawnId(database);
    const after: Source['after'] = async (id, last) => changesAfter(database, id, last);
    return { lastId, sent: () => this.#sent, after };
  }

  async #start(): Promise<ChangeFeed> {
    try {
      const feed = await ChangeFeed.open(this.#humdrum.database);
      this.#sent = placeOf(feed);
      void this.#run(feed);
      return feed;
    } catch (error) {
      this.#feed = null;
      throw error;
    }
  }

  /** Reads until no streams are left. */
  async #run(feed: ChangeFeed): Promise<void> {
    const stopHearing = await this.#humdrum.hear(() => this.#wakeUp.wake());
    do {
      const restMs = await this.#readNext(feed);
      await wait(SPACING_MS);
      if (restMs > SPACING_MS) await this.#wakeUp.wait(restMs - SPACING_MS);
    } while (this.#streams.size + this.#opening > 0);
    this.#feed = null;
    stopHearing();
  }

  /** Reads the next changes. Returns how long to wait before the next read, in milliseconds. */
  async #readNext(feed: ChangeFeed): Promise<number> {
    try {
      const { rows, more } = await feed.next();
      const place = placeOf(feed);
      for (const stream of this.#streams) stream.push(rows, place);
      this.#sent = place;
      return more ? 0 : POLL_MS;
    } catch (error) {
      if (isClosed(error)) this.#endAll();
      else this.#options.onError(error);
      return AFTER_TROUBLE_MS;
    }
  }

  #endAll(): void {
    for (const stream of this.#streams) stream.end();
  }
}

const isClosed = (error: unknown): boolean =>
  error instanceof HumdrumError && error.code === 'database-closed';

/** Creates messages only as the reader consumes them. */
function bytesOf(stream: ChangeStream, end: () => void): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const text = await stream.next();
        if (text !== null) return controller.enqueue(encoder.encode(text));
        controller.close();
      } catch (error) {
        controller.error(error);
      }
      end();
    },
    cancel: end,
  });
}
