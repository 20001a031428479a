import { ambientTransaction, joinAmbient, runWithin } from './ambient.ts';
import type { Database, OpenTransaction, Queryable, Transaction } from './database.ts';

/** A connection that one transaction uses at a time. */
export interface Connection {
  query<Row>(sql: string, params?: unknown[]): Promise<{ rows: Row[]; command?: string }>;
  script(sql: string): Promise<void>;
  /** Sends the queries that `ask` starts in one write, if there is a network. */
  together?<T>(ask: () => T): T;
  /** See `OpenTransaction`. */
  readonly trouble?: unknown;
  /** Returns the connection to the pool, or discards it if it is broken. */
  release(broken?: boolean): void;
}

export async function beginOn(
  database: Database,
  connection: Connection,
): Promise<OpenTransaction> {
  try {
    await connection.query('begin');
  } catch (error) {
    connection.release(true);
    throw error;
  }
  return openTransaction(database, connection);
}

/** For a connection that has sent BEGIN, or will send it with its first statement. */
export function openTransaction(database: Database, connection: Connection): OpenTransaction {
  return new RootTransaction(database, connection);
}

export async function runTransaction<T>(
  database: Database,
  fn: (tx: Transaction) => Promise<T>,
): Promise<T> {
  const outer = await joinAmbient(database);
  if (outer) return outer.savepoint(fn);
  const tx = await database.begin();
  const ambient = { database, tx: tx as Transaction | null };
  try {
    const result = await runWithin(ambient, () => fn(tx));
    await tx.commit();
    return result;
  } catch (error) {
    await tx.rollback();
    throw error;
  } finally {
    ambient.tx = null;
  }
}

/** Base of the root transaction and its savepoints, which share one connection. Child savepoints run one after another. */
class NestedTransaction implements Transaction {
  readonly #database: Database;
  readonly #connection: Connection;
  readonly #parent: NestedTransaction | null;
  readonly #depth: number;
  #lastChild: Promise<unknown> = Promise.resolve();
  protected ended = false;

  constructor(database: Database, connection: Connection, parent: NestedTransaction | null) {
    this.#database = database;
    this.#connection = connection;
    this.#parent = parent;
    this.#depth = parent ? parent.#depth + 1 : 0;
  }

  async query<Row>(sql: string, params?: unknown[]): Promise<{ rows: Row[] }> {
    this.#refuseAfterEnd();
    return this.#connection.query<Row>(sql, params);
  }

  async script(sql: string): Promise<void> {
    this.#refuseAfterEnd();
    await this.#connection.script(sql);
  }

  async savepoint<T>(fn: (tx: Transaction) => Promise<T>): Promise<T> {
    // The caller may use an outer handle while inside a child savepoint: waiting for that child would deadlock.
    const here = ambientTransaction(this.#database);
    if (here instanceof NestedTransaction && here !== this && here.#isWithin(this)) {
      return here.savepoint(fn);
    }
    const mine = this.#lastChild.then(() => this.#child(fn));
    this.#lastChild = mine.catch(() => undefined);
    return mine;
  }

  async #child<T>(fn: (tx: Transaction) => Promise<T>): Promise<T> {
    const child = new NestedTransaction(this.#database, this.#connection, this);
    const name = `s${child.#depth}`;
    await this.query(`savepoint ${name}`);
    const ambient = { database: this.#database, tx: child as Transaction | null };
    try {
      const result = await runWithin(ambient, () => fn(child));
      await this.query(`release savepoint ${name}`);
      return result;
    } catch (error) {
      // If this also fails, the connection is broken, and the first error is the one to report.
      await this.#undo(name).catch(() => undefined);
      throw error;
    } finally {
      child.ended = true;
      ambient.tx = this;
    }
  }

  async #undo(name: string): Promise<void> {
    await this.query(`rollback to savepoint ${name}`);
    await this.query(`release savepoint ${name}`);
  }

  #isWithin(other: NestedTransaction): boolean {
    return this === other || (this.#parent !== null && this.#parent.#isWithin(other));
  }

  #refuseAfterEnd(): void {
    if (this.ended) {
      throw new Error('This transaction has ended. Await every query before its function returns.');
    }
  }
}

class RootTransaction extends NestedTransaction implements OpenTransaction {
  readonly #root: Connection;

  constructor(database: Database, connection: Connection) {
    super(database, connection, null);
    this.#root = connection;
  }

  get trouble(): unknown {
    return this.#root.trouble ?? null;
  }

  async commit(): Promise<void> {
    await this.#end('commit');
  }

  async commitAfter(sql: string, params: unknown[]): Promise<void> {
    const askBoth = () => [this.query(sql, params), this.#end('commit')] as const;
    const both = this.#root.together ? this.#root.together(askBoth) : askBoth();
    const [statement, commit] = await Promise.allSettled(both);
    // If the statement failed, COMMIT rolled back. The statement's error is the cause, so it comes first.
    for (const result of [statement, commit]) if (result.status === 'rejected') throw result.reason;
  }

  async rollback(): Promise<void> {
    if (!this.ended) await this.#end('rollback').catch(() => undefined);
  }

  async #end(verb: 'commit' | 'rollback'): Promise<void> {
    if (this.ended) throw new Error('This transaction has already ended.');
    this.ended = true;
    let answered = false;
    try {
      const { command } = await this.#root.query(verb);
      answered = true;
      // PostgreSQL replies to COMMIT of an aborted transaction with ROLLBACK, not with an error.
      if (verb === 'commit' && command === 'ROLLBACK') {
        throw new Error('The transaction was rolled back because one of its statements failed.');
      }
    } finally {
      this.#root.release(!answered);
    }
  }
}

/** Runs a statement in the ambient transaction, or with `outside` if there is none. */
export async function queryWithin<Row>(
  database: Database,
  outside: Queryable['query'],
  sql: string,
  params?: unknown[],
): Promise<{ rows: Row[] }> {
  const ambient = await joinAmbient(database);
  return ambient ? ambient.query<Row>(sql, params) : outside<Row>(sql, params);
}
