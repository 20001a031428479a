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
  /** Maximum number of connections. Default: 20. */
  max?: number;
  /** URL for LISTEN, if `url` leads to a transaction pooler, which does not support it. Without it workers poll. */
  listenUrl?: string;
}

const INT8 = 20;
const INT8_ARRAY = 1016;
const CONNECT_TIMEOUT_MS = 10_000;

/** Connects to a PostgreSQL server. Errors: `pg-missing`, `database-unreachable`. */
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
    keepAlive: true, // so that waiting for a reply detects a server that has vanished
    types,
  };
  // Pipelined: concurrent queries of a handler are sent together, and COMMIT goes with the settlement before it.
  const pool = new pg.Pool({ ...config, max, pipeline: true });
  // A broken idle connection must not crash the process: the pool drops it, and the next query opens another.
  pool.on('error', () => undefined);
  // Nor must one that breaks between two queries or while it is checked out: its next query fails instead.
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

/** Behind a pooler, the process id announced to the client is not that of the server process. */
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
      'Connecting to a PostgreSQL server needs the package "pg". Install it: npm install pg',
      { cause },
    );
  }
}

/** What to do about a server that was reached and refused. Null: it was not reached, or refused for another reason. */
function refusalOf(cause: unknown): string | null {
  const state = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (state === '3D000') return 'Create the database, or correct its name in DATABASE_URL.';
  if (/^28\w{3}$/.test(state)) return 'Correct the user and the password in DATABASE_URL.';
  return null;
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
  const refusal = refusalOf(cause);
  return new HumdrumError(
    'database-unreachable',
    refusal === null
      ? `Cannot reach PostgreSQL at ${where}: ${reason}. Check that it runs and that DATABASE_URL is right.`
      : `PostgreSQL at ${where} refused the connection: ${reason}. ${refusal}`,
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

  /** If the server refuses the prepared statement's name, the statement has not run, so it is sent again without a name. */
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
    throw new HumdrumError('database-closed', 'The database connection has been closed.');
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

  /** Listens on a dedicated connection, reopened when it breaks. A pooled one may lead through a transaction pooler. */
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
      missed = true; // from now on, a reconnect may have missed notifications
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

/** Parses a one-dimensional array such as `{1,2}`. */
function toNumbers(array: string): (number | null)[] {
  if (array === '{}') return [];
  return array
    .slice(1, -1)
    .split(',')
    .map((item) => (item === 'NULL' ? null : Number(item)));
}
