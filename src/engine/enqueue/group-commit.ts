import type { NewWork } from '../ports/runtime.ts';
import { runOutside } from '../../database/ambient.ts';
import type { Database } from '../../database/database.ts';
import type { Enqueued } from '../job/request.ts';
import { isBadData } from '../transitions/bad-data.ts';
import { MAX_INSERT, insertJobs, type JobRow } from '../transitions/insert.ts';
import type { WorkNotifier } from './notify.ts';

/** Checked jobs that fit one statement. */
interface Asked {
  rows: readonly JobRow[];
  actor: string;
  word: NewWork;
  done: (enqueued: Enqueued[]) => void;
  failed: (error: unknown) => void;
}

/**
 * Persists together what is asked for at the same time: many callers share one statement and one commit, and each is
 * answered after it. Nobody waits for a batch to fill: what comes while one is on its way is the next.
 */
export class GroupCommit {
  readonly #database: Database;
  readonly #notifier: WorkNotifier;
  #waiting: Asked[] = [];
  #committing = false;

  constructor(database: Database, notifier: WorkNotifier) {
    this.#database = database;
    this.#notifier = notifier;
  }

  async enqueue(rows: readonly JobRow[], actor: string, word: NewWork): Promise<Enqueued[]> {
    return new Promise((done, failed) => {
      this.#waiting.push({ rows, actor, word, done, failed });
      if (!this.#committing) runOutside(() => void this.#commitAll());
    });
  }

  async #commitAll(): Promise<void> {
    this.#committing = true;
    // One turn of the event loop, so that callers who go on together ask together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) await this.#commit(this.#nextBatch());
    this.#committing = false;
  }

  /** As many as fit one statement, of one actor. */
  #nextBatch(): Asked[] {
    let rows = 0;
    const end = this.#waiting.findIndex((asked) => {
      rows += asked.rows.length;
      return rows > MAX_INSERT || asked.actor !== this.#waiting[0]?.actor;
    });
    return this.#waiting.splice(0, end === -1 ? this.#waiting.length : Math.max(end, 1));
  }

  async #commit(batch: readonly Asked[]): Promise<void> {
    const [{ actor } = { actor: '' }] = batch;
    const word = batch.some((asked) => asked.word === 'later') ? 'later' : 'ready';
    try {
      const rows = batch.flatMap((asked) => asked.rows);
      const enqueued = await this.#notifier.notifyWithCommit(word, async (news) =>
        insertJobs(this.#database, rows, { actor, news }),
      );
      let from = 0;
      for (const { rows: mine, done } of batch) {
        done(enqueued.slice(from, from + mine.length));
        from += mine.length;
      }
    } catch (error) {
      await this.#failed(batch, error);
    }
  }

  /** What cannot be stored must not keep others from it. Any other error says nothing of whether it was. */
  async #failed(batch: readonly Asked[], error: unknown): Promise<void> {
    if (batch.length === 1 || !isBadData(error)) for (const { failed } of batch) failed(error);
    else for (const asked of batch) await this.#commit([asked]);
  }
}
