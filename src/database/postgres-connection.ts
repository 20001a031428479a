import type { Writable } from 'node:stream';
import type { ClientBase, QueryConfig, QueryResult } from 'pg';
import type pgModule from 'pg';
import type { PostgresPool } from './postgres-pool.ts';
import type { PreparedStatements } from './prepared.ts';
import { isInfrastructure, sqlstateOf } from './error-kind.ts';
import { isUselessAfter, replyWithin } from './reply.ts';
import { explainTimeout } from './timeouts.ts';
import type { Connection } from './transaction.ts';

interface Result<Row> {
  rows: Row[];
  command: string;
}

/** Runs a statement. The caller states the row type, which is not checked. */
export async function ask<Row>(
  on: Pick<PostgresPool, 'query'> | ClientBase,
  text: string,
  values?: unknown[],
  name?: string,
): Promise<Result<Row>> {
  const { rows, command } = await on.query(configOf(text, values, name));
  return { rows: rows as Row[], command };
}

function configOf(text: string, values?: unknown[], name?: string): QueryConfig {
  return { text, ...(values && { values }), ...(name && { name }) };
}

const END: readonly string[] = ['commit', 'rollback'];
/** Below the default lease: a worker must not wait for ever for the end of a transaction on a dead connection. */
const END_LIMIT_MS = 10_000;

/** A pooled connection for one transaction. BEGIN is sent together with the first statement, which saves a round trip. */
export class PostgresConnection implements Connection {
  readonly #pg: typeof pgModule;
  readonly #client: ClientBase;
  readonly #prepared: PreparedStatements;
  readonly #release: Connection['release'];
  readonly #limitMs: number | null;
  readonly #noteFailure: (error: unknown) => void;
  readonly #fatal: () => unknown;
  #useless = false;
  #trouble: unknown = null;
  #begun = false;
  /** Set by the first statement. */
  #socket: Writable | null = null;
  /** Pending while the first statement runs: if its BEGIN fails, no other statement may run outside the transaction. */
  #beginning: Promise<void> | null = null;

  constructor(
    pg: typeof pgModule,
    client: ClientBase,
    by: {
      prepared: PreparedStatements;
      release: Connection['release'];
      /** Called with each error of a statement. */
      noteFailure: (error: unknown) => void;
      /** What the server said when it closed this connection. */
      fatal: () => unknown;
      /** Null: a statement may take as long as it needs. The last one, COMMIT or ROLLBACK, never may. */
      limitMs: number | null;
    },
  ) {
    this.#pg = pg;
    this.#client = client;
    this.#prepared = by.prepared;
    this.#release = by.release;
    this.#limitMs = by.limitMs;
    this.#noteFailure = by.noteFailure;
    this.#fatal = by.fatal;
  }

  get release(): Connection['release'] {
    return (broken) => this.#release(broken === true || this.#useless);
  }

  get trouble(): unknown {
    return this.#trouble;
  }

  async query<Row>(sql: string, params?: unknown[]): Promise<Result<Row>> {
    const limitMs = END.includes(sql) ? (this.#limitMs ?? END_LIMIT_MS) : this.#limitMs;
    const reply = this.#query<Row>(sql, params);
    try {
      const result = await (limitMs === null ? reply : replyWithin(reply, limitMs));
      this.#trouble = null;
      return result;
    } catch (thrown) {
      const error = explainTimeout(thrown, this.#fatal());
      // What follows in a failed transaction (25P02) is a consequence.
      if (sqlstateOf(error) !== '25P02') this.#trouble = isInfrastructure(error) ? error : null;
      this.#noteFailure(error);
      if (isUselessAfter(error)) this.#useless = true;
      throw error;
    }
  }

  async #query<Row>(sql: string, params?: unknown[]): Promise<Result<Row>> {
    if (this.#beginning) await this.#beginning;
    const name = this.#prepared.nameOf(sql);
    if (this.#begun) return ask<Row>(this.#client, sql, params, name);
    this.#begun = true;
    let over = (): void => undefined;
    this.#beginning = new Promise((resolve) => (over = resolve));
    try {
      return await this.#askWithBegin<Row>(configOf(sql, params, name));
    } finally {
      this.#beginning = null;
      over();
    }
  }

  async script(sql: string): Promise<void> {
    if (!this.#begun) await this.query('select');
    await this.#client.query(sql);
  }

  /** Sends everything in one write to the socket: the call costs more than the bytes. */
  together<T>(askAll: () => T): T {
    this.#socket?.cork();
    try {
      return askAll();
    } finally {
      this.#socket?.uncork();
    }
  }

  /** No Sync separates BEGIN from the statement, so the server skips the statement if BEGIN fails. */
  async #askWithBegin<Row>(config: QueryConfig): Promise<Result<Row>> {
    try {
      const { rows, command } = await this.#submit(config);
      return { rows: rows as Row[], command };
    } catch (error) {
      // If BEGIN failed, callers that continue after the error must still be in a transaction. If not, this BEGIN fails or warns.
      await this.#client.query('begin').catch(() => undefined);
      if (error instanceof Error) Error.captureStackTrace(error);
      throw error;
    }
  }

  async #submit(config: QueryConfig): Promise<QueryResult> {
    return new Promise((resolve, reject) => {
      const done = (error: Error | undefined, results: QueryResult | QueryResult[]): void => {
        const last = Array.isArray(results) ? results.at(-1) : results;
        if (error || !last) reject(error ?? new Error('PostgreSQL sent no result.'));
        else resolve(last);
      };
      const query = new this.#pg.Query({ ...config, queryMode: 'extended' } as QueryConfig, done);
      const submit = query.submit.bind(query);
      query.submit = (connection) => {
        this.#socket = connection.stream;
        connection.stream.cork();
        connection.parse({ name: '', text: 'begin', types: [] }, true);
        connection.bind({}, true);
        connection.execute({}, true);
        const failed = submit(connection);
        connection.stream.uncork();
        return failed;
      };
      this.#client.query(query);
    });
  }
}
