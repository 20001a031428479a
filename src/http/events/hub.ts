import { setTimeout as wait } from 'node:timers/promises';
import { WakeUp } from '../../engine/base/wake-up.ts';
import { ChangeFeed, changesAfter } from '../../engine/audit/change-feed.ts';
import type { Humdrum } from '../../engine/humdrum.ts';
import { lastDrawnId } from '../../engine/audit/writers.ts';
import { HumdrumError } from '../../errors.ts';
import { ChangeStream, type Place, type Source, type Wish } from './stream.ts';

export interface HubOptions {
  /** Hears of failures of the database. */
  onError: (error: unknown) => void;
  /** Ends all streams. */
  signal?: AbortSignal;
}

const placeOf = ({ finalId, readTo }: ChangeFeed): Place => ({ finalId, readTo });

const MOST_STREAMS = 100;
/** Whoever holds a stream shows now and then that it still may: the reader comes back by itself. */
const LIFE_MS = 900_000;
/** A change that nobody announces is told at the latest so much later. */
const POLL_MS = 1_000;
/** However much is announced, it looks no more often than that. */
const SPACING_MS = 100;
const AFTER_TROUBLE_MS = 5_000;

/** Tells all streams of a process what changes. It looks once for all of them, and not at all where there is none. */
export class ChangeHub {
  readonly #humdrum: Humdrum;
  readonly #options: HubOptions;
  readonly #streams = new Set<ChangeStream>();
  readonly #wakeUp = new WakeUp();
  #opening = 0;
  #feed: Promise<ChangeFeed> | null = null;
  #told: Place = { finalId: 0, readTo: 0 };

  constructor(humdrum: Humdrum, options: HubOptions) {
    this.#humdrum = humdrum;
    this.#options = options;
    options.signal?.addEventListener('abort', () => this.#endAll(), { once: true });
  }

  /** Messages until somebody ends it. Errors: `too-many-requests`, `database-closed`. */
  async open(wish: Wish, from: number | null, signal: AbortSignal): Promise<ReadableStream> {
    if (this.#streams.size + this.#opening >= MOST_STREAMS) {
      throw new HumdrumError(
        'too-many-requests',
        `This process serves ${MOST_STREAMS} streams at once, and they are taken. Come back later.`,
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
    return { lastId, told: () => this.#told, after };
  }

  async #start(): Promise<ChangeFeed> {
    try {
      const feed = await ChangeFeed.open(this.#humdrum.database);
      this.#told = placeOf(feed);
      void this.#run(feed);
      return feed;
    } catch (error) {
      this.#feed = null;
      throw error;
    }
  }

  /** Looks until there is no stream left. */
  async #run(feed: ChangeFeed): Promise<void> {
    const stopHearing = await this.#humdrum.hear(() => this.#wakeUp.wake());
    do {
      const restMs = await this.#look(feed);
      await wait(SPACING_MS);
      if (restMs > SPACING_MS) await this.#wakeUp.wait(restMs - SPACING_MS);
    } while (this.#streams.size + this.#opening > 0);
    this.#feed = null;
    stopHearing();
  }

  /** Answers how long to rest. */
  async #look(feed: ChangeFeed): Promise<number> {
    try {
      const { rows, more } = await feed.next();
      const place = placeOf(feed);
      for (const stream of this.#streams) stream.tell(rows, place);
      this.#told = place;
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

/** As the reader takes them: what it does not take is not made. */
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
