/**
 * The one narrow door to PostgreSQL. Two implementations: `pglite.ts` (embedded) and `postgres.ts` (a server).
 *
 * Values, the same on both: `bigint` columns arrive as `number` (never past 2^53), `timestamptz` as `Date`,
 * `json` parsed, `numeric` as `string`.
 */
export interface Queryable {
  /** Runs one statement. `pg.Client`, `pg.PoolClient` and PGlite's own transaction have this shape too. */
  query<Row = Record<string, unknown>>(sql: string, params?: unknown[]): Promise<{ rows: Row[] }>;
}

export interface Transaction extends Queryable {
  /** Undoes what `fn` did when `fn` throws, and throws on. Siblings wait for each other. */
  savepoint<T>(fn: (tx: Transaction) => Promise<T>): Promise<T>;

  /** Runs many statements without parameters: a migration. */
  script(sql: string): Promise<void>;
}

/** A transaction that its holder ends, for work that does not fit one function. */
export interface OpenTransaction extends Transaction {
  commit(): Promise<void>;
  /** Runs a last statement and commits, on one trip where there is a network. If the statement fails nothing is kept. */
  commitAfter(sql: string, params: unknown[]): Promise<void>;
  rollback(): Promise<void>;
}

/** Connections at this moment. */
export interface ConnectionUse {
  /** In somebody's hands. */
  readonly busy: number;
  readonly idle: number;
  /** Callers that wait for one. */
  readonly waiting: number;
}

export interface Listening {
  /** Nothing stands between that may swallow what is said: a pooler does, and says nothing of it. */
  readonly direct: boolean;
  stop(): Promise<void>;
}

export interface Database extends Queryable {
  readonly backend: 'pglite' | 'postgres';

  /** True where no other process can have this database open: a lease found at the start is then a dead process's. */
  readonly exclusive: boolean;

  /** How many transactions may be open at once. */
  readonly connections: number;

  connectionUse(): ConnectionUse;

  /** Commits when `fn` returns, rolls back when it throws. Inside an ambient transaction it is a savepoint of that one. */
  transaction<T>(fn: (tx: Transaction) => Promise<T>): Promise<T>;

  begin(): Promise<OpenTransaction>;

  /**
   * Calls `heard` for each NOTIFY on `channel` until it is stopped, and with '' when some may have been missed. A hint,
   * never a guarantee.
   */
  listen(channel: string, heard: (payload: string) => void): Promise<Listening>;

  close(): Promise<void>;
}
