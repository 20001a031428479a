import type { Transaction } from '../database/database.ts';
import type { ClaimedJob } from './claim.ts';
import { childrenOf, type ChildReport } from './children.ts';
import type { Context, ContextDatabase } from './context.ts';
import type { Enqueuer } from './enqueuer.ts';
import { forEachSet } from './for-each.ts';
import type { Interruption } from './interruption.ts';
import type { JobType } from './job-type.ts';
import type { Json } from './json.ts';
import { seededRandom, seededUuid } from './random.ts';
import type { Recorder } from './recorder.ts';

/** What a handler needs to know of its job. A claimed job has it all; a rehearsed one has no id. */
export type Runnable = Pick<ClaimedJob, 'attempt' | 'input' | 'version' | 'runAt' | 'seed'> & {
  id: number | null;
};

/** The handler's world, see `context.ts`. What a handler does not ask for is not made. */
export class HandlerContext implements Context {
  readonly job: Context['job'];
  readonly now: Date;
  readonly db: ContextDatabase;
  readonly files: Context['files'];
  readonly rehearsal: boolean;
  readonly #seed: string;
  readonly #inner: ContextDatabase;
  readonly #recorder: Recorder;
  readonly #enqueuer: Enqueuer;
  readonly #interruption: Interruption;
  #random: (() => number) | null = null;

  constructor(
    type: JobType,
    job: Runnable,
    parts: {
      db: ContextDatabase;
      files: Context['files'];
      recorder: Recorder;
      interruption: Interruption;
      rehearsal: boolean;
      enqueuer: Enqueuer;
    },
  ) {
    this.job = { type: type.type, id: job.id, attempt: job.attempt };
    this.now = job.runAt;
    this.files = parts.files;
    this.rehearsal = parts.rehearsal;
    this.#seed = job.seed;
    this.#inner = parts.db;
    this.#recorder = parts.recorder;
    this.#enqueuer = parts.enqueuer;
    this.#interruption = parts.interruption;
    this.db = {
      query: (sql, params) => this.#inner.query(sql, params),
      transaction: (fn) => this.#transaction(fn),
    };
  }

  get signal(): AbortSignal {
    return this.#interruption.signal;
  }

  // Properties, not methods: a handler may take them out of the context, as in run({ emit, log }).

  readonly random = (): number => {
    this.#random ??= seededRandom(`${this.#seed}/random`);
    return this.#random();
  };

  readonly id = (name: string): string => seededUuid(this.#seed, name);

  readonly forEach: Context['forEach'] = async (items, fn) =>
    forEachSet(this.#transaction, items, 1, async ([item], tx) => fn(item as never, tx));

  readonly forEachSet: Context['forEachSet'] = async (items, size, fn) =>
    forEachSet(this.#transaction, items, size, fn);

  readonly enqueue: Context['enqueue'] = async (type, input, options) => {
    const [enqueued] = await this.enqueueMany([{ type, input, ...options }]);
    if (!enqueued) throw new Error('An enqueued job has an id.');
    return enqueued;
  };

  readonly enqueueMany: Context['enqueueMany'] = async (requests) => {
    const { id } = this.job;
    return this.#enqueuer.enqueue(requests, id === null ? 'rehearsal' : `job:${id}`);
  };

  readonly children = async (): Promise<ChildReport[]> =>
    this.job.id === null ? [] : childrenOf(this.#inner, this.job.id);

  readonly emit = (event: string, data: Json): void => this.#recorder.record('event', event, data);

  readonly notify: Context['notify'] = ({ channel, ...message }) =>
    this.#recorder.record('notification', channel, message);

  readonly log = (message: string, fields?: Record<string, Json>): void =>
    this.#recorder.write(message, fields);

  /** Effects of a set that was undone are undone with it. */
  readonly #transaction = async <T>(fn: (tx: Transaction) => Promise<T>): Promise<T> =>
    this.#inner.transaction(async (tx) => {
      const mark = this.#recorder.mark();
      try {
        return await fn(tx);
      } catch (error) {
        this.#recorder.undoTo(mark);
        throw error;
      }
    });
}
