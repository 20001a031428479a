import type pgModule from 'pg';
import type { Client, ClientBase, ClientConfig, PoolConfig } from 'pg';
import { errorMessage, HumdrumError, isHumdrumError } from '../errors.ts';
import type {
  ConnectionUse,
  Database,
  Listening,
  OpenTransaction,
  Transaction,
} from './database.ts';
import type { Beat, BeatOptions } from './beat.ts';
import { PostgresBeat } from './postgres-beat.ts';
import { ask, PostgresConnection } from './postgres-connection.ts';
import { isDirect, PostgresListener } from './postgres-listener.ts';
import { PostgresPool } from './postgres-pool.ts';
import { PreparedStatements } from './prepared.ts';
import { requireSettings, sendSettings } from './session-settings.ts';
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
/** Of the connections, for claims and settlements. */
const OWN_CONNECTIONS = 2;

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
  const own = max > OWN_CONNECTIONS + 1 ? OWN_CONNECTIONS : 0;
  const pool = new PostgresPool(pg, { ...config, max: max - own });
  const ownPool = own > 0 ? new PostgresPool(pg, { ...config, max: own }) : pool;
  let direct: boolean;
  try {
    direct = await pool.ask(prepareSession, CONNECT_TIMEOUT_MS);
  } catch (error) {
    await pool.end();
    throw isHumdrumError(error) ? error : unreachable(url, error);
  }
  const pools = [...new Set([pool, ownPool])];
  if (direct) for (const one of pools) one.onConnect(sendSettings);
  const listening = { ...config, connectionString: options.listenUrl ?? url };
  return new PostgresDatabase(pool, {
    pg,
    pools,
    ownPool,
    newClient: () => new pg.Client(listening),
    connections: max,
    direct,
    prepared: new PreparedStatements(direct),
    beating: {
      connectionString: url,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      keepAlive: true,
    },
  });
}

/** Returns whether the connection leads straight to the server. Errors: see `requireSettings`. */
async function prepareSession(client: ClientBase): Promise<boolean> {
  const direct = await isDirect(client);
  if (direct) sendSettings(client);
  else await requireSettings(client);
  return direct;
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

/** What all views of one database share. */
interface Shared {
  pg: typeof pgModule;
  pools: readonly PostgresPool[];
  /** For what must not wait behind the statements of handlers and of the application. */
  ownPool: PostgresPool;
  newClient: () => Client;
  connections: number;
  direct: boolean;
  prepared: PreparedStatements;
  /** How the heartbeat thread connects. */
  beating: ClientConfig;
}

export class PostgresDatabase implements Database {
  readonly backend = 'postgres';
  readonly exclusive = false;
  readonly connections: number;
  readonly #pool: PostgresPool;
  readonly #shared: Shared;
  readonly #limitMs: number | null;
  #handedOver = false;

  constructor(pool: PostgresPool, shared: Shared, limitMs: number | null = null) {
    this.#pool = pool;
    this.#shared = shared;
    this.#limitMs = limitMs;
    this.connections = shared.connections;
  }

  connectionUse(): ConnectionUse {
    const { pools, ownPool } = this.#shared;
    const uses = (this.#pool === ownPool ? [ownPool] : pools).map(({ use }) => use);
    const sum = (of: keyof ConnectionUse): number => uses.reduce((all, use) => all + use[of], 0);
    return { busy: sum('busy'), idle: sum('idle'), waiting: sum('waiting') };
  }

  async query<Row>(sql: string, params?: unknown[]): Promise<{ rows: Row[] }> {
    return queryWithin<Row>(this, (text, values) => this.#ask(text, values), sql, params);
  }

  /** If the server refuses the prepared statement's name, the statement has not run, so it is sent again without a name. */
  async #ask<Row>(sql: string, params?: unknown[]): Promise<{ rows: Row[] }> {
    this.#refuseWhenClosed();
    const name = this.#shared.prepared.nameOf(sql);
    if (name === undefined) return this.#askPool<Row>(sql, params);
    try {
      return await this.#askPool<Row>(sql, params, name);
    } catch (error) {
      if (!this.#shared.prepared.refused(error)) throw error;
      return this.#askPool<Row>(sql, params);
    }
  }

  async #askPool<Row>(sql: string, params?: unknown[], name?: string): Promise<{ rows: Row[] }> {
    if (this.#limitMs === null) return ask<Row>(this.#pool, sql, params, name);
    return this.#pool.ask((client) => ask<Row>(client, sql, params, name), this.#limitMs);
  }

  /** Errors: `database-closed`. */
  #refuseWhenClosed(): void {
    if (!this.#pool.isClosed && !this.#handedOver) return;
    throw new HumdrumError('database-closed', 'The database connection has been closed.');
  }

  async transaction<T>(fn: (tx: Transaction) => Promise<T>): Promise<T> {
    return runTransaction(this, fn);
  }

  async begin(): Promise<OpenTransaction> {
    this.#refuseWhenClosed();
    const client = await this.#pool.connect();
    const { pg, pools } = this.#shared;
    const connection = new PostgresConnection(pg, client, {
      prepared: this.#shared.prepared,
      limitMs: this.#limitMs,
      noteFailure: (error) => pools.forEach((pool) => pool.noteFailure(error)),
      fatal: () => this.#pool.fatalOf(client),
      release: (broken) => this.#pool.release(client, broken === true),
    });
    return openTransaction(this, connection);
  }

  within(limitMs: number): Database {
    return new PostgresDatabase(this.#pool, this.#shared, limitMs);
  }

  own(): Database {
    return new PostgresDatabase(this.#shared.ownPool, this.#shared, this.#limitMs);
  }

  beat(options: BeatOptions): Beat | null {
    try {
      return new PostgresBeat(this.#shared.beating, options);
    } catch (error) {
      options.onTrouble(error as Error);
      return null;
    }
  }

  reconnect(): void {
    for (const pool of this.#shared.pools) pool.cutOff();
  }

  listen(channel: string, heard: (payload: string) => void): Promise<Listening> {
    return PostgresListener.open(this.#shared.newClient, channel, heard);
  }

  /** The same connections behind a new door. Through this one nothing passes any more, as if it were closed. */
  handOver(): PostgresDatabase {
    this.#refuseWhenClosed();
    this.#handedOver = true;
    return new PostgresDatabase(this.#pool, this.#shared);
  }

  async close(): Promise<void> {
    if (this.#handedOver) return;
    await Promise.all(this.#shared.pools.map((pool) => pool.end()));
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
