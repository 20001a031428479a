import type pgModule from 'pg';
import type { Client, ClientBase, Pool, PoolConfig } from 'pg';
import { errorMessage, HumdrumError } from '../errors.ts';
import type {
  ConnectionUse,
  Database,
  Listening,
  OpenTransaction,
  Transaction,
} from './database.ts';
import { ask, PostgresConnection } from './postgres-connection.ts';
import { PreparedStatements } from './prepared.ts';
import { openTransaction, queryWithin, runTransaction } from './transaction.ts';

export interface PostgresOptions {
  /** Most connections open at once. Default 20. */
  max?: number;
  /** For LISTEN, where the other URL leads to a transaction pooler, which does not carry it. Without it workers poll. */
  listenUrl?: string;
}

const INT8 = 20;
const INT8_ARRAY = 1016;
const CONNECT_TIMEOUT_MS = 10_000;

/** A PostgreSQL server. Errors: `pg-missing`, `database-unreachable`. */
export async function openPostgres(
  url: string,
  options: PostgresOptions = {},
): Promise<PostgresDatabase> {
  const pg = await loadPg();
  const max = options.max ?? 20;
  const types = new pg.TypeOverrides();
  types.setTypeParser(INT8, Number);
  types.setTypeParser(INT8_ARRAY, toNumbers);
  const config: PoolConfig = {
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true, // so that a server that has vanished is noticed while an answer is awaited
    types,
  };
  // Pipelined: what a handler asks at once is sent at once, and COMMIT goes with the settlement before it.
  const pool = new pg.Pool({ ...config, max, pipeline: true });
  // An idle connection that breaks is no crash: the pool drops it, and the next query opens another.
  pool.on('error', () => undefined);
  // Nor is one that breaks between two queries, or on its way from one user to the next: its next query fails.
  pool.on('connect', (client) => client.on('error', () => undefined));
  let direct: boolean;
  try {
    const client = await pool.connect();
    direct = await isDirect(client).finally(() => client.release());
  } catch (error) {
    await pool.end();
    throw unreachable(url, error);
  }
  const listening = { ...config, connectionString: options.listenUrl ?? url };
  return new PostgresDatabase(pg, pool, () => new pg.Client(listening), {
    connections: max,
    direct,
  });
}

/** A pooler tells its clients of a process that is none of the server's. */
async function isDirect(client: ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
  return 'processID' in client && client.processID === rows[0]?.pid;
}

async function loadPg(): Promise<typeof pgModule> {
  try {
    return (await import('pg')).default;
  } catch (cause) {
    throw new HumdrumError(
      'pg-missing',
      'A PostgreSQL server needs the package "pg". Install it: npm install pg',
      { cause },
    );
  }
}

function unreachable(url: string, cause: unknown): HumdrumError {
  const at = URL.canParse(url) ? new URL(url) : null;
  const where = at
    ? `${at.hostname || 'localhost'}:${at.port || 5432}${at.pathname}`
    : 'the server';
  // A refused connection to several addresses is an AggregateError with an empty message.
  const reason =
    cause instanceof AggregateError
      ? cause.errors.map(errorMessage).join('; ')
      : errorMessage(cause);
  return new HumdrumError(
    'database-unreachable',
    `Cannot reach PostgreSQL at ${where}: ${reason}. Check that it runs and that DATABASE_URL is right.`,
    { cause },
  );
}

export class PostgresDatabase implements Database {
  readonly backend = 'postgres';
  readonly exclusive = false;
  readonly connections: number;
  readonly #pg: typeof pgModule;
  readonly #pool: Pool;
  readonly #newClient: () => Client;
  readonly #direct: boolean;
  readonly #prepared: PreparedStatements;
  #handedOver = false;

  constructor(
    pg: typeof pgModule,
    pool: Pool,
    newClient: () => Client,
    { connections, direct }: { connections: number; direct: boolean },
  ) {
    this.#pg = pg;
    this.#pool = pool;
    this.#newClient = newClient;
    this.#direct = direct;
    this.#prepared = new PreparedStatements(direct);
    this.connections = connections;
  }

  connectionUse(): ConnectionUse {
    const { totalCount, idleCount: idle, waitingCount: waiting } = this.#pool;
    return { busy: totalCount - idle, idle, waiting };
  }

  async query<Row>(sql: string, params?: unknown[]): Promise<{ rows: Row[] }> {
    return queryWithin<Row>(this, (text, values) => this.#ask(text, values), sql, params);
  }

  /** A refused name is no reason to fail: the statement has not been run. */
  async #ask<Row>(sql: string, params?: unknown[]): Promise<{ rows: Row[] }> {
    this.#refuseWhenClosed();
    const name = this.#prepared.nameOf(sql);
    if (name === undefined) return ask<Row>(this.#pool, sql, params);
    try {
      return await ask<Row>(this.#pool, sql, params, name);
    } catch (error) {
      if (!this.#prepared.refused(error)) throw error;
      return ask<Row>(this.#pool, sql, params);
    }
  }

  /** Errors: `database-closed`. */
  #refuseWhenClosed(): void {
    if (!this.#pool.ending && !this.#handedOver) return;
    throw new HumdrumError('database-closed', 'The connections to the database have been closed.');
  }

  async transaction<T>(fn: (tx: Transaction) => Promise<T>): Promise<T> {
    return runTransaction(this, fn);
  }

  async begin(): Promise<OpenTransaction> {
    this.#refuseWhenClosed();
    const client = await this.#pool.connect();
    const connection = new PostgresConnection(this.#pg, client, {
      prepared: this.#prepared,
      release: (broken) => client.release(broken),
    });
    return openTransaction(this, connection);
  }

  /** On a connection of its own, opened again when it breaks: a pooled one may be behind a transaction pooler. */
  async listen(channel: string, heard: (payload: string) => void): Promise<Listening> {
    let client: Client | null = null;
    let stopped = false;
    let retry: NodeJS.Timeout | undefined;
    let missed = false;
    let direct = false;
    const connect = async (): Promise<void> => {
      const next = this.#newClient();
      next.on('notification', ({ payload }) => heard(payload ?? ''));
      next.on('error', () => {
        client = null;
        again();
      });
      await next.connect();
      direct = await isDirect(next);
      await next.query(`listen ${channel}`);
      if (stopped) return next.end();
      client = next;
      if (missed) heard('');
      missed = true; // If this one breaks.
    };
    const again = (): void => {
      if (stopped) return;
      clearTimeout(retry);
      retry = setTimeout(() => void connect().catch(again), 1_000);
    };
    await connect();
    return {
      direct,
      async stop() {
        stopped = true;
        clearTimeout(retry);
        await client?.end();
      },
    };
  }

  /** The same connections behind a new door. Through this one nothing passes any more, as if it were closed. */
  handOver(): PostgresDatabase {
    this.#refuseWhenClosed();
    this.#handedOver = true;
    return new PostgresDatabase(this.#pg, this.#pool, this.#newClient, {
      connections: this.connections,
      direct: this.#direct,
    });
  }

  async close(): Promise<void> {
    if (!this.#pool.ended && !this.#handedOver) await this.#pool.end();
  }
}

/** `{1,2}`, of one dimension. */
function toNumbers(array: string): (number | null)[] {
  if (array === '{}') return [];
  return array
    .slice(1, -1)
    .split(',')
    .map((item) => (item === 'NULL' ? null : Number(item)));
}
