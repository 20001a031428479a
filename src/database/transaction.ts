import { ambientTransaction, joinAmbient, runWithin } from './ambient.ts';
import type { Database, OpenTransaction, Queryable, Transaction } from './database.ts';

/** One connection, held by one transaction at a time. */
export interface Connection {
  query<Row>(sql: string, params?: unknown[]): Promise<{ rows: Row[]; command?: string }>;
  script(sql: string): Promise<void>;
  /** What `ask` asks at once goes out at once, where there is a network. */
  together?<T>(ask: () => T): T;
  /** Gives the connection back; a broken one is thrown away. */
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

/** On a connection that has begun one, or will with its first statement. */
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

/** What the root and its savepoints share: one connection, and children that come one after another. */
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
    // The caller may hold an outer handle while it is inside a child: waiting for that child would wait for itself.
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
      // Where even this fails the connection is broken, and the first error is the one worth telling.
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

  async commit(): Promise<void> {
    await this.#end('commit');
  }

  async commitAfter(sql: string, params: unknown[]): Promise<void> {
    const askBoth = () => [this.query(sql, params), this.#end('commit')] as const;
    const both = this.#root.together ? this.#root.together(askBoth) : askBoth();
    const [asked, ended] = await Promise.allSettled(both);
    // Where the statement has failed COMMIT has rolled back, and why is for the statement to say.
    for (const end of [asked, ended]) if (end.status === 'rejected') throw end.reason;
  }

  async rollback(): Promise<void> {
    if (!this.ended) await this.#end('rollback').catch(() => undefined);
  }

  async #end(verb: 'commit' | 'rollback'): Promise<void> {
    if (this.ended) throw new Error('This transaction has ended already.');
    this.ended = true;
    let answered = false;
    try {
      const { command } = await this.#root.query(verb);
      answered = true;
      // PostgreSQL answers COMMIT of an aborted transaction with ROLLBACK, and no error.
      if (verb === 'commit' && command === 'ROLLBACK') {
        throw new Error('The transaction was rolled back: one of its statements had failed.');
      }
    } finally {
      this.#root.release(!answered);
    }
  }
}

/** Joins the ambient transaction where there is one. */
export async function queryWithin<Row>(
  database: Database,
  outside: Queryable['query'],
  sql: string,
  params?: unknown[],
): Promise<{ rows: Row[] }> {
  const ambient = await joinAmbient(database);
  return ambient ? ambient.query<Row>(sql, params) : outside<Row>(sql, params);
}
