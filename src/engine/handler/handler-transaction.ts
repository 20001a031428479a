import { type Ambient, runWithin } from '../../database/ambient.ts';
import type { Database, OpenTransaction, Transaction } from '../../database/database.ts';
import type { ContextDatabase } from '../job/context.ts';
import type { TableChange } from '../job/outcome.ts';
import { RowCounter } from './row-counter.ts';

/** `ctx.db` of an atomic job or a rehearsal: one transaction, opened at its first use, ended by whoever settles. */
export class HandlerTransaction implements ContextDatabase {
  readonly #database: Database;
  readonly #ambient: Ambient;
  readonly #counter: RowCounter | null;
  #opening: Promise<OpenTransaction> | null = null;
  #over = false;

  /** `measure`: count the rows that the handler changes. */
  constructor(database: Database, measure: boolean) {
    this.#database = database;
    this.#counter = measure ? new RowCounter() : null;
    this.#ambient = { database, tx: null, open: () => this.#open() };
  }

  /** Runs the handler so that everything it asks of this database, by whatever road, joins the transaction. */
  run<T>(handler: () => Promise<T>): Promise<T> {
    return runWithin(this.#ambient, handler);
  }

  async query<Row>(sql: string, params?: unknown[]): Promise<{ rows: Row[] }> {
    await this.#open();
    return this.#database.query<Row>(sql, params);
  }

  async transaction<T>(fn: (tx: Transaction) => Promise<T>): Promise<T> {
    const tx = await this.#open();
    const counter = this.#counter;
    if (!counter) return tx.savepoint(fn);
    // PostgreSQL goes on counting the rows of a savepoint that was undone. The outer savepoint keeps siblings waiting
    // until they are discounted.
    return tx.savepoint(async (outer) => {
      const before = await counter.read(outer);
      try {
        return await outer.savepoint(fn);
      } catch (error) {
        if (!this.#over) await counter.discount(outer, before);
        throw error;
      }
    });
  }

  /** The rows changed so far, by table. Null where they are not counted. */
  async changes(): Promise<TableChange[] | null> {
    if (!this.#counter) return null;
    if (!this.#opening) return [];
    return this.#counter.changes(await this.#opening);
  }

  /** Takes the transaction out of the handler's hands, null if there is none. A handler that runs on after this is refused. */
  handOver(): Promise<OpenTransaction | null> | null {
    this.#over = true;
    this.#ambient.tx = null;
    return this.#opening && this.#opening.catch(() => null);
  }

  async #open(): Promise<OpenTransaction> {
    if (this.#over)
      throw new Error('This attempt is over: its timeout has passed, or it was aborted.');
    this.#opening ??= this.#begin();
    return this.#opening;
  }

  async #begin(): Promise<OpenTransaction> {
    const tx = await this.#database.begin();
    await this.#counter?.start(tx);
    if (!this.#over) this.#ambient.tx = tx;
    return tx;
  }
}

/** `ctx.db` of a job with `atomic: false`: it commits in steps that the job makes safe to repeat. */
export function steppingDatabase(database: Database): ContextDatabase {
  return {
    query: (sql, params) => database.query(sql, params),
    transaction: (fn) => database.transaction(fn),
  };
}
