import type { Ambient } from '../../database/ambient.ts';
import type { Database, OpenTransaction, Transaction } from '../../database/database.ts';
import { isInfrastructure } from '../../database/error-kind.ts';
import type { ContextDatabase } from '../job/context.ts';
import type { TableChange } from '../job/outcome.ts';
import type { PendingCalls } from './pending-calls.ts';
import { RowCounter } from './row-counter.ts';

/** `ctx.db` of an atomic job or a rehearsal: one transaction, opened at first use, and ended when the attempt is settled. */
export class HandlerTransaction implements ContextDatabase {
  readonly #database: Database;
  /** Within it, all queries to this database join the transaction, even those not sent through `ctx.db`. */
  readonly ambient: Ambient;
  readonly #calls: PendingCalls;
  readonly #counter: RowCounter | null;
  #opening: Promise<OpenTransaction> | null = null;
  #over = false;
  #beginTrouble: unknown = null;

  /** `measure`: count the rows that the handler changes. */
  constructor(database: Database, calls: PendingCalls, measure: boolean) {
    this.#database = database;
    this.#calls = calls;
    this.#counter = measure ? new RowCounter() : null;
    this.ambient = { database, tx: null, open: () => this.#open() };
  }

  async query<Row>(sql: string, params?: unknown[]): Promise<{ rows: Row[] }> {
    return this.#calls.track(this.#query<Row>(sql, params));
  }

  async transaction<T>(fn: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#calls.track(this.#transaction(fn));
  }

  async #query<Row>(sql: string, params?: unknown[]): Promise<{ rows: Row[] }> {
    await this.#open();
    return this.#database.query<Row>(sql, params);
  }

  async #transaction<T>(fn: (tx: Transaction) => Promise<T>): Promise<T> {
    const tx = await this.#open();
    const counter = this.#counter;
    if (!counter) return tx.savepoint(fn);
    // PostgreSQL's counts include the rows of a savepoint that was rolled back. The outer savepoint makes concurrent
    // transactions of this handler wait until they are subtracted.
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

  /** The rows changed so far, by table. Null if they are not counted. */
  async changes(): Promise<TableChange[] | null> {
    if (!this.#counter) return null;
    if (!this.#opening) return [];
    return this.#counter.changes(await this.#opening);
  }

  /** Why the transaction never began, or was lost, if neither is the fault of the handler. Null if it is sound. */
  async trouble(): Promise<unknown> {
    if (this.#beginTrouble !== null || !this.#opening) return this.#beginTrouble;
    return this.#opening.then(
      (tx) => tx.trouble,
      () => this.#beginTrouble,
    );
  }

  /** Takes the transaction away from the handler; null if it opened none. Later queries of the handler throw. */
  handOver(): Promise<OpenTransaction | null> | null {
    this.#over = true;
    this.ambient.tx = null;
    return this.#opening && this.#opening.catch(() => null);
  }

  async #open(): Promise<OpenTransaction> {
    if (this.#over)
      throw new Error('This attempt is over: it has ended, timed out or was aborted.');
    this.#opening ??= this.#begin();
    return this.#opening;
  }

  async #begin(): Promise<OpenTransaction> {
    const tx = await this.#database.begin().catch((error: unknown) => {
      if (isInfrastructure(error)) this.#beginTrouble = error;
      throw error;
    });
    await this.#counter?.start(tx);
    if (!this.#over) this.ambient.tx = tx;
    return tx;
  }
}

/** `ctx.db` of a job with `atomic: false`: it commits in steps, which the handler must make safe to repeat. */
export function steppingDatabase(database: Database): ContextDatabase {
  return {
    query: (sql, params) => database.query(sql, params),
    transaction: (fn) => database.transaction(fn),
  };
}
