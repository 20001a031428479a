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
    /** By which tests reach their databases: the same, or that of PgBouncer. */
    roadUrl: string;
    /** Every database of this run has a name that starts so. */
    databasePrefix: string;
    /** A folder for what the run's processes share. */
    runFolder: string;
  }
}

/** One PostgreSQL for the whole run; with HUMDRUM_TEST_PGBOUNCER the tests reach it through PgBouncer in transaction mode. */
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

/** Gone when we are, whatever ends us: as with the server, a shell waits for our pipe to close. */
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

/** Templates, and what a killed worker left: a server that was given by URL stays behind us. */
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
