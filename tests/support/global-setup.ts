import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import type { TestProject } from 'vitest/node';
import { shortLivedPlace } from './memory.ts';
import { findPgbouncer, startPgbouncer, type Pgbouncer } from './pgbouncer.ts';
import { startPostgres } from './postgres-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    postgresUrl: string;
    /** URL through which tests connect: that of the server, or of PgBouncer. */
    roadUrl: string;
    /** Prefix of the names of this run's databases. */
    databasePrefix: string;
    /** A folder shared by the run's processes. */
    runFolder: string;
  }
}

/** Starts one PostgreSQL for the whole run. With HUMDRUM_TEST_PGBOUNCER tests use PgBouncer in transaction mode. */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const server = await startPostgres();
  const run = await runFolder();
  const databasePrefix = `humdrum_test_${randomBytes(4).toString('hex')}`;
  const pgbouncer = process.env['HUMDRUM_TEST_PGBOUNCER'] ? await bounce(server.url) : null;
  project.provide('postgresUrl', server.url);
  project.provide('roadUrl', pgbouncer?.url ?? server.url);
  project.provide('databasePrefix', databasePrefix);
  project.provide('runFolder', run.folder);
  return async () => {
    await pgbouncer?.stop();
    await dropDatabases(server.url, databasePrefix);
    await server.stop();
    await run.remove();
  };
}

async function bounce(url: string): Promise<Pgbouncer> {
  const program = findPgbouncer();
  if (program !== null) return startPgbouncer(program, url);
  throw new Error('HUMDRUM_TEST_PGBOUNCER needs the program pgbouncer on the PATH.');
}

/** Removed when this process ends for any reason: a shell waits for our pipe to close, as with the server. */
async function runFolder(): Promise<{ folder: string; remove: () => Promise<void> }> {
  const folder = await mkdtemp(join(await shortLivedPlace(), 'humdrum-run-'));
  const shell = spawn('/bin/sh', ['-c', 'read -r _; rm -rf "$1"', 'humdrum-run', folder], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const remove = async (): Promise<void> => {
    shell.stdin.end();
    await once(shell, 'close');
  };
  return { folder, remove };
}

/** Drops templates, and databases left by a killed worker. A server given by URL outlives the run. */
async function dropDatabases(url: string, prefix: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ datname: string }>(
    'select datname from pg_database where starts_with(datname, $1)',
    [prefix],
  );
  for (const { datname } of rows) await client.query(`drop database ${datname} with (force)`);
  await client.end();
}
