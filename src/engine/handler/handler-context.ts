import type { Transaction } from '../../database/database.ts';
import { HumdrumError, refuseUnknown } from '../../errors.ts';
import { seededRandom, seededUuid } from '../base/random.ts';
import type { ClaimedJob } from '../job/claimed-job.ts';
import { isTypeName } from '../job/check-definition.ts';
import {
  type Context,
  type ContextDatabase,
  NOTIFICATION,
  type Notification,
} from '../job/context.ts';
import type { JobType } from '../job/job-type.ts';
import { requestOf } from '../job/request.ts';
import type { Enqueues } from '../ports/runtime.ts';
import { childReports } from './children.ts';
import { forEachSet } from './for-each.ts';
import type { Interruption } from './interruption.ts';
import type { PendingCalls } from './pending-calls.ts';
import type { Recorder } from './recorder.ts';

/** The fields of a job that its handler needs. A rehearsed job has no id. */
export type Runnable = Pick<ClaimedJob, 'attempt' | 'input' | 'version' | 'runAt' | 'seed'> & {
  id: number | null;
};

interface Parts {
  db: ContextDatabase;
  files: Context['files'];
  recorder: Recorder;
  interruption: Interruption;
  rehearsal: boolean;
  enqueuer: Enqueues;
  calls: PendingCalls;
}

/**
 * The handler's context, see `context.ts`. Its parts are created lazily. They are getters that return functions, and not
 * methods, so that a handler can destructure the context, as in `run({ emit, log })`.
 */
export class HandlerContext implements Context {
  readonly job: Context['job'];
  readonly #job: Runnable;
  readonly #parts: Parts;
  #random: (() => number) | null = null;

  constructor(type: JobType, job: Runnable, parts: Parts) {
    this.job = { type: type.type, id: job.id, attempt: job.attempt };
    this.#job = job;
    this.#parts = parts;
  }

  get now(): Date {
    return this.#job.runAt;
  }

  get rehearsal(): boolean {
    return this.#parts.rehearsal;
  }

  get signal(): AbortSignal {
    return this.#parts.interruption.signal;
  }

  get files(): Context['files'] {
    return this.#parts.files;
  }

  get db(): ContextDatabase {
    const { db } = this.#parts;
    return {
      query: (sql, params) => db.query(sql, params),
      transaction: (fn) => this.#transaction(fn),
    };
  }

  get random(): () => number {
    return () => {
      this.#random ??= seededRandom(`${this.#job.seed}/random`);
      return this.#random();
    };
  }

  get id(): Context['id'] {
    return (name) => seededUuid(this.#job.seed, name);
  }

  get forEach(): Context['forEach'] {
    return async (items, fn) =>
      forEachSet(this.#inTransaction, items, 1, async ([item], tx) => fn(item as never, tx));
  }

  get forEachSet(): Context['forEachSet'] {
    return async (items, size, fn) => forEachSet(this.#inTransaction, items, size, fn);
  }

  get enqueue(): Context['enqueue'] {
    return async (type, input, options) => {
      const [enqueued] = await this.enqueueMany([requestOf(type, input, options)]);
      if (!enqueued) throw new Error('Enqueueing one job returned none.');
      return enqueued;
    };
  }

  get enqueueMany(): Context['enqueueMany'] {
    const { id } = this.job;
    const { enqueuer, calls } = this.#parts;
    return async (requests) =>
      calls.track(enqueuer.enqueue(requests, id === null ? 'rehearsal' : `job:${id}`));
  }

  get children(): Context['children'] {
    const { id } = this.job;
    return async () => (id === null ? [] : childReports(this.#parts.db, id));
  }

  get emit(): Context['emit'] {
    return (event, data) => this.#parts.recorder.record('event', event, data);
  }

  get notify(): Context['notify'] {
    return (notification) => {
      refuseUnknown('input-invalid', 'ctx.notify', notification, NOTIFICATION);
      const { channel, ...message } = notification;
      checkNotification(channel, message);
      this.#parts.recorder.record('notification', channel, message);
    };
  }

  get log(): Context['log'] {
    return (message, fields) => this.#parts.recorder.write(message, fields);
  }

  get #inTransaction(): ContextDatabase['transaction'] {
    return async (fn) => this.#transaction(fn);
  }

  /** If the transaction is rolled back, the effects recorded in it are discarded too. */
  async #transaction<T>(fn: (tx: Transaction) => Promise<T>): Promise<T> {
    const { db, recorder } = this.#parts;
    return db.transaction(async (tx) => {
      const mark = recorder.mark();
      try {
        return await fn(tx);
      } catch (error) {
        recorder.truncate(mark);
        throw error;
      }
    });
  }
}

/** Errors: `input-invalid`. A channel is a job type, `notify.NAME`. */
function checkNotification(channel: string, { to, text }: Omit<Notification, 'channel'>): void {
  if (typeof channel !== 'string' || !isTypeName(`notify.${channel}`)) {
    throw new HumdrumError(
      'input-invalid',
      `ctx.notify: "${channel}" is not a valid name for a channel. Use lower-case words with hyphens, at most 93 characters: on-call`,
    );
  }
  if (typeof to !== 'string' || typeof text !== 'string') {
    throw new HumdrumError('input-invalid', 'ctx.notify: `to` and `text` must be strings.');
  }
}
