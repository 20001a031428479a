import { runOutside } from '../../database/ambient.ts';
import type { Database } from '../../database/database.ts';
import { errorKind, sqlstateOf } from '../../database/error-kind.ts';
import type { Enqueued } from '../job/request.ts';
import type { NewWork } from '../ports/runtime.ts';
import { insertJobs, type JobRow, MAX_INSERT } from '../transitions/insert.ts';
import type { WorkNotifier } from './notify.ts';
import { HeldKeys } from './held-keys.ts';
import type { PendingEnqueue } from './pending-enqueue.ts';

/** How long a batch waits for a unique key that another transaction holds. Then it is split. */
const PATIENCE_MS = 100;
const LOCK_NOT_AVAILABLE = '55P03';

/**
 * Group commit: concurrent callers share one statement and one commit, and their promises resolve after it. A batch never
 * waits to fill up: the calls that arrive while one is being committed form the next. Jobs with unique keys have a lane of
 * their own: while a transaction that has enqueued a key is open, whoever wants the same key waits for it, and nobody else.
 */
export class GroupCommit {
  readonly #database: Database;
  readonly #notifier: WorkNotifier;
  readonly #plain: Lane;
  readonly #keyed: Lane;
  readonly #heldKeys: HeldKeys;

  constructor(database: Database, notifier: WorkNotifier) {
    this.#database = database;
    this.#notifier = notifier;
    this.#plain = new Lane(async (batch) => void (await this.#commit(batch)));
    this.#keyed = new Lane((batch) => this.#commitKeyed(batch));
    this.#heldKeys = new HeldKeys(
      async (pending) => void (await this.#commit([pending])),
      database,
    );
  }

  async enqueue(rows: readonly JobRow[], actor: string, work: NewWork): Promise<Enqueued[]> {
    return new Promise((resolve, reject) => {
      const pending = { rows, actor, work, resolve, reject };
      // The embedded database has one connection, so no transaction is open beside this one.
      if (this.#database.exclusive || !rows.some(({ unique }) => unique)) this.#plain.add(pending);
      else if (!this.#heldKeys.joins(pending)) this.#keyed.add(pending);
    });
  }

  /** Commits the batch, but for those that want a key that is held for longer. They wait beside the lane. */
  async #commitKeyed(batch: readonly PendingEnqueue[]): Promise<void> {
    const blocked = await this.#commit(batch, PATIENCE_MS);
    for (const pending of blocked) {
      if (this.#heldKeys.joins(pending)) continue;
      const [held] = batch.length > 1 ? await this.#commit([pending], PATIENCE_MS) : [pending];
      if (held) this.#heldKeys.add(held);
    }
  }

  /** Settles the promises of the batch, except those it returns: with `patienceMs`, those that were blocked for so long. */
  async #commit(
    batch: readonly PendingEnqueue[],
    patienceMs: number | null = null,
  ): Promise<readonly PendingEnqueue[]> {
    const [{ actor } = { actor: '' }] = batch;
    const work = batch.some((pending) => pending.work === 'later') ? 'later' : 'ready';
    try {
      const rows = batch.flatMap((pending) => pending.rows);
      const enqueued = await this.#notifier.notifyWithCommit(work, async (payload) =>
        insertJobs(this.#database, rows, { actor, payload, patienceMs }),
      );
      let from = 0;
      for (const { rows: mine, resolve } of batch) {
        resolve(enqueued.slice(from, from + mine.length));
        from += mine.length;
      }
      return [];
    } catch (error) {
      if (patienceMs !== null && sqlstateOf(error) === LOCK_NOT_AVAILABLE) return batch;
      return this.#split(batch, patienceMs, error);
    }
  }

  /**
   * What one caller asks for must not fail the others, so they are committed one by one. If the connection was lost, the
   * commit may have taken effect: retrying could persist the jobs twice.
   */
  async #split(
    batch: readonly PendingEnqueue[],
    patienceMs: number | null,
    error: unknown,
  ): Promise<readonly PendingEnqueue[]> {
    if (batch.length === 1 || errorKind(error) === 'lost') {
      for (const { reject } of batch) reject(error);
      return [];
    }
    const blocked: PendingEnqueue[] = [];
    for (const pending of batch) blocked.push(...(await this.#commit([pending], patienceMs)));
    return blocked;
  }
}

/** Calls that wait for the batch before them. */
class Lane {
  readonly #commit: (batch: readonly PendingEnqueue[]) => Promise<void>;
  #waiting: PendingEnqueue[] = [];
  #committing = false;

  constructor(commit: (batch: readonly PendingEnqueue[]) => Promise<void>) {
    this.#commit = commit;
  }

  add(pending: PendingEnqueue): void {
    this.#waiting.push(pending);
    if (!this.#committing) runOutside(() => void this.#commitAll());
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
}
