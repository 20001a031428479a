import { ambientTransaction, runOutside } from '../database/ambient.ts';
import type { Database, Queryable } from '../database/database.ts';

/** What there is to say: jobs that may start, or some for a later time. */
export type Word = 'ready' | 'later';

const CHANNEL = 'humdrum_jobs';
/** NOTIFY takes a lock of the whole cluster at commit: one is sent for whatever was enqueued in this time. */
const DEBOUNCE_MS = 5;

/** Spreads the word that there are new jobs. Only a hint: workers look by themselves too. */
export class Announcer {
  readonly #database: Database;
  readonly #heard: (word: Word) => void;
  #unsaid: Word | null = null;
  #timer: NodeJS.Timeout | undefined;
  #stopListening: (() => Promise<void>) | null = null;

  constructor(database: Database, heard: (word: Word) => void) {
    this.#database = database;
    this.#heard = heard;
  }

  async listen(): Promise<void> {
    if (this.#database.exclusive) return; // Nobody else is there to say anything.
    this.#stopListening ??= await this.#database.listen(CHANNEL, (said) =>
      this.#heard(said === 'ready' ? 'ready' : 'later'),
    );
  }

  async announce(word: Word): Promise<void> {
    this.#heard(word);
    if (this.#database.exclusive) return;
    if (ambientTransaction(this.#database)) return this.announceWithin(this.#database, word);
    if (this.#unsaid === null) {
      this.#timer = runOutside(() => setTimeout(() => void this.#say(), DEBOUNCE_MS));
    }
    if (this.#unsaid !== 'later') this.#unsaid = word; // Who hears of later jobs looks for ready ones too.
  }

  /** With the caller's transaction, so that nobody hears of it before it is there. */
  async announceWithin(client: Queryable, word: Word): Promise<void> {
    await client.query(`select pg_notify('${CHANNEL}', $1)`, [word]);
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#say(); // What was enqueued in the last moment is worth a word too.
    await this.#stopListening?.();
    this.#stopListening = null;
  }

  async #say(): Promise<void> {
    const word = this.#unsaid;
    this.#unsaid = null;
    // Unheard, the jobs still start at the workers' next look.
    if (word) await this.announceWithin(this.#database, word).catch(() => undefined);
  }
}
