import { randomBytes } from 'node:crypto';
import { ambientTransaction, runOutside } from '../../database/ambient.ts';
import type { Database, Listening, Queryable } from '../../database/database.ts';
import type { NewWork } from '../ports/runtime.ts';
import { CHANNEL } from '../transitions/insert-sql.ts';

/** NOTIFY takes a lock of the whole cluster at commit: one is sent for whatever was enqueued in this time. */
const DEBOUNCE_MS = 5;

/** Spreads the word that there are new jobs. Only a hint: workers look by themselves too. */
export class WorkNotifier {
  readonly #database: Database;
  readonly #heard: (word: NewWork) => void;
  /** Who says it, where this process has told itself already. */
  readonly #me = randomBytes(4).toString('hex');
  #unsaid: NewWork | null = null;
  #saidMs = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  #listening: Listening | null = null;

  constructor(database: Database, heard: (word: NewWork) => void) {
    this.#database = database;
    this.#heard = heard;
  }

  /** Answers whether all that is said will be heard. */
  async listen(): Promise<boolean> {
    if (this.#database.exclusive) return true; // Nobody else is there to say anything.
    this.#listening ??= await this.#database.listen(CHANNEL, (said) => {
      const [word, by] = said.split(' ');
      if (by !== this.#me) this.#heard(word === 'ready' ? 'ready' : 'later');
    });
    return this.#listening.direct;
  }

  async notify(word: NewWork): Promise<void> {
    this.#heard(word);
    if (this.#database.exclusive) return;
    if (ambientTransaction(this.#database)) return this.notifyWithin(this.#database, word);
    if (this.#unsaid === null) {
      this.#timer = runOutside(() => setTimeout(() => void this.#say(), DEBOUNCE_MS));
    }
    if (this.#unsaid !== 'later') this.#unsaid = word; // Who hears of later jobs looks for ready ones too.
  }

  /** With the commit, where nothing has been said for a moment: an idle system hears of a job as soon as it is there. */
  async notifyWithCommit<T>(
    word: NewWork,
    commit: (news: string | null) => Promise<T>,
  ): Promise<T> {
    const nowMs = performance.now();
    const quiet = nowMs - this.#saidMs >= DEBOUNCE_MS && !this.#database.exclusive;
    if (quiet) this.#saidMs = nowMs;
    const result = await commit(quiet ? `${word} ${this.#me}` : null);
    if (quiet) this.#heard(word);
    else await this.notify(word);
    return result;
  }

  /** With the caller's transaction, so that nobody hears of it before it is there. */
  async notifyWithin(client: Queryable, news: string): Promise<void> {
    // As a text: not every library can read a column of type void.
    await client.query(`select pg_notify('${CHANNEL}', $1)::text`, [news]);
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#say(); // What was enqueued in the last moment is worth a word too.
    await this.#listening?.stop();
    this.#listening = null;
  }

  async #say(): Promise<void> {
    const word = this.#unsaid;
    this.#unsaid = null;
    this.#saidMs = performance.now();
    // Unheard, the jobs still start at the workers' next look.
    if (word) await this.notifyWithin(this.#database, `${word} ${this.#me}`).catch(() => undefined);
  }
}
