import { runOutside } from '../../database/ambient.ts';
import type { Database } from '../../database/database.ts';
import { errorKind } from '../../database/error-kind.ts';
import type { Enqueued } from '../job/request.ts';
import type { NewWork } from '../ports/runtime.ts';
import { insertJobs, type JobRow, MAX_INSERT } from '../transitions/insert.ts';
import type { WorkNotifier } from './notify.ts';

/** One caller's checked jobs, which fit one statement. */
interface PendingEnqueue {
  rows: readonly JobRow[];
  actor: string;
  work: NewWork;
  resolve: (enqueued: Enqueued[]) => void;
  reject: (error: unknown) => void;
}

/**
 * Group commit: concurrent callers share one statement and one commit, and their promises resolve after it. A batch never
 * waits to fill up: the calls that arrive while one is being committed form the next.
 */
export class GroupCommit {
  readonly #database: Database;
  readonly #notifier: WorkNotifier;
  #waiting: PendingEnqueue[] = [];
  #committing = false;

  constructor(database: Database, notifier: WorkNotifier) {
    this.#database = database;
    this.#notifier = notifier;
  }

  async enqueue(rows: readonly JobRow[], actor: string, work: NewWork): Promise<Enqueued[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ rows, actor, work, resolve, reject });
      if (!this.#committing) runOutside(() => void this.#commitAll());
    });
  }

  async #commitAll(): Promise<void> {
    this.#committing = true;
    // Waits one turn of the event loop, so that callers that resume together share a batch.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0) await this.#commit(this.#nextBatch());
    this.#committing = false;
  }

  /** As many calls of one actor as fit one statement. */
  #nextBatch(): PendingEnqueue[] {
    let rows = 0;
    const end = this.#waiting.findIndex((pending) => {
      rows += pending.rows.length;
      return rows > MAX_INSERT || pending.actor !== this.#waiting[0]?.actor;
    });
    return this.#waiting.splice(0, end === -1 ? this.#waiting.length : Math.max(end, 1));
  }

  async #commit(batch: readonly PendingEnqueue[]): Promise<void> {
    const [{ actor } = { actor: '' }] = batch;
    const work = batch.some((pending) => pending.work === 'later') ? 'later' : 'ready';
    try {
      const rows = batch.flatMap((pending) => pending.rows);
      const enqueued = await this.#notifier.notifyWithCommit(work, async (payload) =>
        insertJobs(this.#database, rows, { actor, payload }),
      );
      let from = 0;
      for (const { rows: mine, resolve } of batch) {
        resolve(enqueued.slice(from, from + mine.length));
        from += mine.length;
      }
    } catch (error) {
      await this.#fail(batch, error);
    }
  }

  /**
   * What one caller asks for must not fail the others, so they are committed one by one. If the connection was lost, the
   * commit may have taken effect: retrying could persist the jobs twice.
   */
  async #fail(batch: readonly PendingEnqueue[], error: unknown): Promise<void> {
    if (batch.length === 1 || errorKind(error) === 'lost')
      for (const { reject } of batch) reject(error);
    else for (const pending of batch) await this.#commit([pending]);
  }
}
