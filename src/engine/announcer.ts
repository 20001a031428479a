import { ambientTransaction, runOutside } from '../database/ambient.ts';
import type { Database, Queryable } from '../database/database.ts';

const CHANNEL = 'humdrum_ready';
const NOTIFY = `select pg_notify('${CHANNEL}', '')`;
/** NOTIFY takes a lock of the whole cluster at commit: one is sent for whatever was enqueued in this time. */
const DEBOUNCE_MS = 5;

/** Spreads the word that there are new jobs. Only a hint: workers look by themselves too. */
export class Announcer {
  readonly #database: Database;
  readonly #heard: () => void;
  #timer: NodeJS.Timeout | null = null;
  #stopListening: (() => Promise<void>) | null = null;

  constructor(database: Database, heard: () => void) {
    this.#database = database;
    this.#heard = heard;
  }

  async listen(): Promise<void> {
    if (this.#database.exclusive) return; // Nobody else is there to say anything.
    this.#stopListening ??= await this.#database.listen(CHANNEL, this.#heard);
  }

  async announce(): Promise<void> {
    this.#heard();
    if (this.#database.exclusive) return;
    if (ambientTransaction(this.#database)) return this.announceWithin(this.#database);
    this.#timer ??= runOutside(() => setTimeout(() => void this.#notify(), DEBOUNCE_MS));
  }

  /** With the caller's transaction, so that nobody hears of it before it is there. */
  async announceWithin(client: Queryable): Promise<void> {
    await client.query(NOTIFY);
  }

  async stop(): Promise<void> {
    if (this.#timer) {
      clearTimeout(this.#timer);
      await this.#notify(); // What was enqueued in the last moment is worth a word too.
    }
    await this.#stopListening?.();
    this.#stopListening = null;
  }

  async #notify(): Promise<void> {
    this.#timer = null;
    // Unheard, the jobs still start at the workers' next look.
    await this.#database.query(NOTIFY).catch(() => undefined);
  }
}
