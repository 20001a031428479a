import { randomBytes } from 'node:crypto';
import { ambientTransaction, runOutside } from '../../database/ambient.ts';
import type { Database, Listening, Queryable } from '../../database/database.ts';
import type { NewWork } from '../ports/runtime.ts';
import { CHANNEL } from '../transitions/insert-sql.ts';

/** NOTIFY takes a cluster-wide lock at commit, so enqueues within this time share one notification. */
const DEBOUNCE_MS = 5;

/** Notifies the workers of new jobs. Only a hint: workers also poll. */
export class WorkNotifier {
  readonly #database: Database;
  readonly #onNewWork: (work: NewWork) => void;
  /** Marks notifications sent by this process: it has called `onNewWork` for them already. */
  readonly #senderId = randomBytes(4).toString('hex');
  #pending: NewWork | null = null;
  #lastSentMs = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  #listening: Listening | null = null;

  constructor(database: Database, onNewWork: (work: NewWork) => void) {
    this.#database = database;
    this.#onNewWork = onNewWork;
  }

  /** Returns whether every notification reaches this process: not if a pooler may stand in between. */
  async listen(): Promise<boolean> {
    if (this.#database.exclusive) return true; // No other process can send any.
    this.#listening ??= await this.#database.listen(CHANNEL, (payload) => {
      const [work, senderId] = payload.split(' ');
      if (senderId !== this.#senderId) this.#onNewWork(work === 'ready' ? 'ready' : 'later');
    });
    return this.#listening.direct;
  }

  async notify(work: NewWork): Promise<void> {
    this.#onNewWork(work);
    if (this.#database.exclusive) return;
    if (ambientTransaction(this.#database)) return this.notifyWithin(this.#database, work);
    if (this.#pending === null) {
      this.#timer = runOutside(() => setTimeout(() => void this.#send(), DEBOUNCE_MS));
    }
    if (this.#pending !== 'later') this.#pending = work; // `later` implies `ready`.
  }

  /**
   * Sends the notification with the commit if none was sent within `DEBOUNCE_MS`, so that an idle system starts a job as soon
   * as it is committed. Otherwise like `notify`. `commit` takes the payload; null: it must not notify.
   */
  async notifyWithCommit<T>(
    work: NewWork,
    commit: (payload: string | null) => Promise<T>,
  ): Promise<T> {
    const nowMs = performance.now();
    const quiet = nowMs - this.#lastSentMs >= DEBOUNCE_MS && !this.#database.exclusive;
    if (quiet) this.#lastSentMs = nowMs;
    const result = await commit(quiet ? `${work} ${this.#senderId}` : null);
    if (quiet) this.#onNewWork(work);
    else await this.notify(work);
    return result;
  }

  /** Sends the notification with the caller's transaction, so that it arrives only once the jobs are committed. */
  async notifyWithin(client: Queryable, payload: string): Promise<void> {
    // Cast to text: not every library can read a column of type void.
    await client.query(`select pg_notify('${CHANNEL}', $1)::text`, [payload]);
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#send();
    await this.#listening?.stop();
    this.#listening = null;
  }

  async #send(): Promise<void> {
    const work = this.#pending;
    this.#pending = null;
    this.#lastSentMs = performance.now();
    // If this fails, the jobs start at the workers' next poll.
    if (work) {
      await this.notifyWithin(this.#database, `${work} ${this.#senderId}`).catch(() => undefined);
    }
  }
}
