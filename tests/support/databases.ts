import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { describe, inject, onTestFinished } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import { migrate } from '../../src/database/migrate.ts';
import { openPglite } from '../../src/database/pglite.ts';
import { openPostgres } from '../../src/database/postgres.ts';
import { isScheduled, type JobType } from '../../src/engine/job/job-type.ts';
import { migrationSets, type Pack } from '../../src/engine/job/pack.ts';
import { sealAudit } from '../../src/engine/system/seal-audit.ts';
import { defineAlerts } from '../../src/health/index.ts';
import { openSpare, Spares } from './spares.ts';

export type Backend = Database['backend'];

export interface FreshOptions {
  /** Packs whose tables are created besides the engine's. */
  packs?: readonly Pack[];
}

/** Creates a migrated, empty database for the test, removed when the test ends. Call it within a test or `beforeEach`. */
export type Fresh = (options?: FreshOptions) => Promise<Database>;

/** Runs the same tests on both backends. */
export function eachBackend(title: string, tests: (fresh: Fresh, backend: Backend) => void): void {
  for (const backend of ['pglite', 'postgres'] as const) {
    describe(`${title} on ${backend}`, () => {
      tests((options) => fresh(backend, options), backend);
    });
  }
}

/** Like `eachBackend`, for tests whose database outlives their process. `freshPlace()` returns a folder or a URL. */
export function eachBackendWhere(
  title: string,
  tests: (freshPlace: () => Promise<string>, backend: Backend) => void,
): void {
  describe(`${title} on pglite`, () => {
    tests(freshFolder, 'pglite');
  });
  describe(`${title} on postgres`, () => {
    tests(freshUrl, 'postgres');
  });
}

export async function fresh(backend: Backend, options: FreshOptions = {}): Promise<Database> {
  if (backend === 'pglite') return freshPglite(options.packs ?? []);
  const db = await openPostgres(await freshUrl(options));
  onTestFinished(() => db.close());
  return db;
}

/** Reuses the emptied database of the previous test, or copies the template, which takes ten times as long. */
async function freshPglite(packs: readonly Pack[]): Promise<Database> {
  const key = await migrationsKey(packs);
  const spare = (await spares.take(key)) ?? (await openSpare(await pgliteTemplate(packs)));
  await silenceSchedules(spare.db);
  onTestFinished(() => spares.giveBack(key, spare));
  return spare.db;
}

const spares = new Spares();

/** Creates a migrated, empty PostgreSQL database and returns its URL, for tests with several processes or pools. */
export async function freshUrl({ packs = [] }: FreshOptions = {}): Promise<string> {
  const template = await postgresTemplate(packs);
  const name = newDatabaseName();
  await onServer(`create database ${name} template ${template}`);
  onTestFinished(() => dropDatabase(name));
  return databaseUrl(name, inject('roadUrl'));
}

/** A pooler in front of the server does not support LISTEN. */
export function listensDirectly(): boolean {
  return inject('roadUrl') === inject('postgresUrl');
}

/** Creates an empty folder, removed when the test ends. */
export async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(inject('runFolder'), 'test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * Migrating takes seconds, copying does not, so each template is created once per run, by the first process that needs it. It is
 * created under a unique name and then renamed: concurrent processes may do the work twice but never see a partial template.
 */
async function pgliteTemplate(packs: readonly Pack[]): Promise<Blob> {
  const file = join(inject('runFolder'), `${await migrationsKey(packs)}.tar`);
  if (!existsSync(file)) {
    const db = await openPglite();
    await prepare(db, packs);
    const data = await db.dumpDataDir();
    await db.close();
    const draft = `${file}.${randomBytes(6).toString('hex')}`;
    await writeFile(draft, Buffer.from(await data.arrayBuffer()));
    await link(draft, file).catch((error: unknown) => {
      if (!existsSync(file)) throw error;
    });
    await rm(draft);
  }
  return new Blob([await readFile(file)]);
}

async function postgresTemplate(packs: readonly Pack[]): Promise<string> {
  const template = `${inject('databasePrefix')}_template_${await migrationsKey(packs)}`;
  if (await databaseExists(template)) return template;
  const draft = newDatabaseName();
  await onServer(`create database ${draft}`);
  const db = await openPostgres(databaseUrl(draft));
  await prepare(db, packs);
  await db.close();
  try {
    await onServer(`alter database ${draft} rename to ${template}`);
  } catch (error) {
    if (!(await databaseExists(template))) throw error;
    await dropDatabase(draft);
  }
  return template;
}

async function prepare(db: Database, packs: readonly Pack[]): Promise<void> {
  await migrate(db, migrationSets(packs));
  await silenceSchedules(db);
}

/** Stops the engine's own schedules, so that a full hour that passes during a test adds no jobs. */
async function silenceSchedules(
  db: Database,
  types: readonly JobType[] = [sealAudit],
): Promise<void> {
  for (const { type, schedule } of types.filter(isScheduled)) {
    await db.query(
      `insert into humdrum.schedule values ($1, $2, $3, 'infinity')
       on conflict (name) do update set next_at = excluded.next_at`,
      [type, schedule.cron, schedule.timeZone],
    );
  }
}

/** Stops the schedules of CLI processes, which check health every five minutes. Needs the tables. */
export async function silenceProcesses(db: Database): Promise<void> {
  const watching = defineAlerts().types({ database: db, tell: () => undefined });
  await silenceSchedules(db, [sealAudit, ...watching]);
}

/** Changes with any migration, so that a watching run recreates its templates. */
async function migrationsKey(packs: readonly Pack[]): Promise<string> {
  const hash = createHash('sha256');
  for (const { name, folder } of migrationSets(packs)) {
    for (const file of (await readdir(folder)).toSorted()) {
      hash.update(`${name}/${file}\n`).update(await readFile(new URL(file, folder)));
    }
  }
  return hash.digest('hex').slice(0, 12);
}

async function databaseExists(name: string): Promise<boolean> {
  return (await onServer('select from pg_database where datname = $1', [name])) > 0;
}

async function dropDatabase(name: string): Promise<void> {
  await onServer(`drop database ${name} with (force)`);
}

/** Runs a statement on its own connection, so that none outlives the server. Returns the number of rows. */
async function onServer(sql: string, params: string[] = []): Promise<number> {
  const client = new Client({ connectionString: inject('postgresUrl') });
  await client.connect();
  try {
    return (await client.query(sql, params)).rowCount ?? 0;
  } finally {
    await client.end();
  }
}

function newDatabaseName(): string {
  return `${inject('databasePrefix')}_${randomBytes(6).toString('hex')}`;
}

function databaseUrl(name: string, road = inject('postgresUrl')): string {
  const url = new URL(road);
  url.pathname = `/${name}`;
  return url.href;
}
