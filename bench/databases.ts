import { Client } from 'pg';
import type { Watch } from './system.ts';

/** Runs a statement and returns its rows. */
export type Rows = (sql: string, params?: unknown[]) => Promise<readonly Record<string, unknown>[]>;

export async function onPostgres<Result>(
  url: string,
  use: (query: Rows) => Promise<Result>,
): Promise<Result> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await use(rowsOf(client));
  } finally {
    await client.end();
  }
}

function rowsOf(client: Client): Rows {
  return async (sql, params = []) =>
    (await client.query<Record<string, unknown>>(sql, params)).rows;
}

/** Runs a statement that returns one number. */
export async function numberFrom(query: Rows, sql: string, params?: unknown[]): Promise<number> {
  const [row] = await query(sql, params);
  return Number(Object.values(row ?? {})[0]);
}

/** Keeps a connection that counts the open jobs. */
export async function watchPostgres(url: string, sql: string): Promise<Watch> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return { open: () => numberFrom(rowsOf(client), sql), close: () => client.end() };
}

let made = 0;

/** Creates an empty database and returns its URL. */
export async function createDatabase(server: string): Promise<string> {
  const name = `bench_${process.pid}_${(made += 1)}`;
  await onPostgres(server, (query) => query(`create database ${name}`));
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

export async function dropDatabase(server: string, url: string): Promise<void> {
  const name = new URL(url).pathname.slice(1);
  await onPostgres(server, (query) => query(`drop database if exists ${name} with (force)`));
}

/** The end of the server's write-ahead log. */
export function walPosition(query: Rows): Promise<number> {
  return numberFrom(query, `select pg_current_wal_insert_lsn() - '0/0'::pg_lsn`);
}
