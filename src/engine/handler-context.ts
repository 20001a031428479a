import type { Transaction } from '../database/database.ts';
import type { Context, ContextDatabase, ForEachReport } from './context.ts';
import type { Runnable } from './execute.ts';
import { forEachSet } from './for-each.ts';
import type { Interruption } from './interruption.ts';
import type { Json, JobType } from './job-type.ts';
import { seededRandom, seededUuid } from './random.ts';
import type { Recorder } from './recorder.ts';

/** The handler's world, see `context.ts`. What a handler does not ask for is not made. */
export class HandlerContext implements Context {
  readonly job: Context['job'];
  readonly now: Date;
  readonly db: ContextDatabase;
  readonly rehearsal: boolean;
  readonly #seed: string;
  readonly #inner: ContextDatabase;
  readonly #recorder: Recorder;
  readonly #interruption: Interruption;
  #random: (() => number) | null = null;

  constructor(
    type: JobType,
    job: Runnable,
    parts: {
      db: ContextDatabase;
      recorder: Recorder;
      interruption: Interruption;
      rehearsal: boolean;
    },
  ) {
    this.job = { type: type.type, id: job.id, attempt: job.attempt };
    this.now = job.runAt;
    this.rehearsal = parts.rehearsal;
    this.#seed = job.seed;
    this.#inner = parts.db;
    this.#recorder = parts.recorder;
    this.#interruption = parts.interruption;
    this.db = {
      query: (sql, params) => this.#inner.query(sql, params),
      transaction: (fn) => this.#transaction(fn),
    };
  }

  get signal(): AbortSignal {
    return this.#interruption.signal;
  }

  random(): number {
    this.#random ??= seededRandom(`${this.#seed}/random`);
    return this.#random();
  }

  id(name: string): string {
    return seededUuid(this.#seed, name);
  }

  async forEach<Item>(
    items: Iterable<Item> | AsyncIterable<Item>,
    fn: (item: Item, db: Transaction) => Promise<unknown>,
  ): Promise<ForEachReport<Item>> {
    return this.forEachSet(items, 1, async ([item], tx) => fn(item as Item, tx));
  }

  async forEachSet<Item>(
    items: Iterable<Item> | AsyncIterable<Item>,
    size: number,
    fn: (set: Item[], db: Transaction) => Promise<unknown>,
  ): Promise<ForEachReport<Item>> {
    return forEachSet((inSet) => this.#transaction(inSet), items, size, fn);
  }

  emit(event: string, data: Json): void {
    this.#recorder.emit(event, data);
  }

  log(message: string, fields?: Record<string, Json>): void {
    this.#recorder.write(message, fields);
  }

  /** Effects of a set that was undone are undone with it. */
  async #transaction<T>(fn: (tx: Transaction) => Promise<T>): Promise<T> {
    const mark = this.#recorder.mark();
    try {
      return await this.#inner.transaction(fn);
    } catch (error) {
      this.#recorder.undoTo(mark);
      throw error;
    }
  }
}
