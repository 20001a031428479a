import type { HumdrumError } from '../errors.ts';
import type { Beat, BeatOptions } from './beat.ts';

/**
 * The only interface to PostgreSQL. Two implementations: `pglite.ts` (embedded) and `postgres.ts` (a server).
 *
 * Both return the same types: `bigint` as `number` (values stay below 2^53), `timestamptz` as `Date`, `json` parsed, `numeric`
 * as `string`.
 */
export interface Queryable {
  /** Runs one statement. `pg.Client`, `pg.PoolClient` and PGlite's own transactions also satisfy this interface. */
  query<Row = Record<string, unknown>>(sql: string, params?: unknown[]): Promise<{ rows: Row[] }>;
}

export interface Transaction extends Queryable {
  /** Runs `fn` in a savepoint. If `fn` throws, rolls back to it and rethrows. Sibling savepoints run one after another. */
  savepoint<T>(fn: (tx: Transaction) => Promise<T>): Promise<T>;

  /** Runs several statements without parameters, such as a migration. */
  script(sql: string): Promise<void>;
}

/** A transaction that its owner commits or rolls back, for work that does not fit one function. */
export interface OpenTransaction extends Transaction {
  commit(): Promise<void>;
  /** Runs a last statement and commits, in one round trip. If the statement fails, the transaction is rolled back. */
  commitAfter(sql: string, params: unknown[]): Promise<void>;
  rollback(): Promise<void>;
  /** The last statement that ended failed with this, through no fault of its own: see `isInfrastructure`. Else null. */
  readonly trouble: unknown;
}

/** Current use of the connections. */
export interface ConnectionUse {
  /** Connections in use. */
  readonly busy: number;
  readonly idle: number;
  /** Callers waiting for a connection. */
  readonly waiting: number;
}

export interface Listening {
  /** True if no pooler sits in between: a pooler may drop notifications silently. */
  readonly direct: boolean;
  stop(): Promise<void>;
}

export interface Database extends Queryable {
  readonly backend: 'pglite' | 'postgres';

  /** True if no other process can open this database. Leases found at start then belong to dead processes. */
  readonly exclusive: boolean;

  /** Maximum number of concurrent transactions. */
  readonly connections: number;

  /** Resolves if this database can never be used again: its folder is gone. Absent if that cannot happen. */
  readonly lost?: Promise<HumdrumError> | undefined;

  /** Of all connections. Of `own()`: of those alone. */
  connectionUse(): ConnectionUse;

  /** Commits when `fn` returns, rolls back when it throws. Inside an ambient transaction it is a savepoint. */
  transaction<T>(fn: (tx: Transaction) => Promise<T>): Promise<T>;

  begin(): Promise<OpenTransaction>;

  /**
   * The same database for statements that must have a reply within `limitMs`. Without one, the connection is closed and the
   * statement fails: a connection can die without a sign, and its statement would wait for ever.
   */
  within(limitMs: number): Database;

  /**
   * Runs a statement at intervals in a thread of its own, over a connection of its own: it goes on while the event loop is
   * blocked. Null if this database cannot, or no thread can be started.
   */
  beat(options: BeatOptions): Beat | null;

  /** The same database over connections that neither handlers nor the application use. */
  own(): Database;

  /** Closes the connections that are open now, whoever uses them: their statements fail. Later ones get new connections. */
  reconnect(): void;

  /**
   * Calls `heard` for each NOTIFY on `channel` until stopped, and with '' when some may have been missed. Delivery is not
   * guaranteed.
   */
  listen(channel: string, heard: (payload: string) => void): Promise<Listening>;

  close(): Promise<void>;
}
