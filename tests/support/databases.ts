import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { link, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
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
import { Spares, toSpare, type Spare } from './spares.ts';

export type Backend = Database['backend'];

export interface FreshOptions {
  /** Whose tables are there besides the engine's. */
  packs?: readonly Pack[];
}

/** A migrated, empty database of the test's own, closed and gone when the test ends. Call it within a test or `beforeEach`. */
export type Fresh = (options?: FreshOptions) => Promise<Database>;

/** The same tests on both backends. */
export function eachBackend(title: string, tests: (fresh: Fresh, backend: Backend) => void): void {
  for (const backend of ['pglite', 'postgres'] as const) {
    describe(`${title} on ${backend}`, () => {
      tests((options) => fresh(backend, options), backend);
    });
  }
}

/**
 * Whether this run is the long one, as CI's is: HUMDRUM_TEST_ALL=1. Without it tests leave out what proves again, at length
 * or on a second backend, what a shorter one has proved.
 */
export const ALL = process.env['HUMDRUM_TEST_ALL'] === '1';

/**
 * On a server, and in the long run on both backends: for what lies above the engine, whose statements are the same on both.
 * On a server more is to be found: it has more than one connection, and a session for each.
 */
export function anyBackend(title: string, tests: (fresh: Fresh, backend: Backend) => void): void {
  if (ALL) {
    eachBackend(title, tests);
    return;
  }
  describe(`${title} on postgres`, () => {
    tests((options) => fresh('postgres', options), 'postgres');
  });
}

/** As `anyBackend`, for tests whose database outlives their process: `freshPlace()` is a folder or a URL. */
export function anyBackendWhere(
  title: string,
  tests: (freshPlace: () => Promise<string>, backend: Backend) => void,
): void {
  if (ALL) {
    eachBackendWhere(title, tests);
    return;
  }
  describe(`${title} on postgres`, () => {
    tests(freshUrl, 'postgres');
  });
}

/** On both backends, in every run. */
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
  if (backend === 'postgres' && !listensDirectly()) return freshBehindPooler(options);
  const packs = options.packs ?? [];
  const kind = `${backend} ${await migrationsKey(packs)}`;
  const spare = (await spares.take(kind)) ?? (await newSpare(backend, packs));
  await silenceSchedules(spare.db);
  onTestFinished(() => spares.giveBack(kind, spare));
  return spare.db;
}

/** The one that the test before has left is emptied; this takes ten times as long. */
async function newSpare(backend: Backend, packs: readonly Pack[]): Promise<Spare> {
  if (backend === 'pglite') {
    const db = await openPglite({ loadDataDir: await pgliteTemplate(packs) });
    return toSpare(db, () => Promise.resolve());
  }
  const name = await copyOf(await postgresTemplate(packs));
  return toSpare(await openPostgres(databaseUrl(name)), () => dropDatabase(name));
}

/** It may not carry what a session has been told, nor a connection that outlives the test. */
async function freshBehindPooler(options: FreshOptions): Promise<Database> {
  const db = await openPostgres(await freshUrl(options));
  onTestFinished(() => db.close());
  return db;
}

const spares = new Spares();

/** A migrated, empty PostgreSQL database by its URL: for tests with more than one process or pool. */
export async function freshUrl({ packs = [] }: FreshOptions = {}): Promise<string> {
  const name = await copyOf(await postgresTemplate(packs));
  onTestFinished(() => dropDatabase(name));
  return databaseUrl(name, inject('roadUrl'));
}

/** By its files: to write every block to the log takes four times as much. */
async function copyOf(template: string): Promise<string> {
  const name = newDatabaseName();
  await onServer(`create database ${name} template ${template} strategy file_copy`);
  return name;
}

/** A pooler between us and the server does not carry LISTEN. */
export function listensDirectly(): boolean {
  return inject('roadUrl') === inject('postgresUrl');
}

/** An empty folder that is gone when the test ends. */
export async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(inject('runFolder'), 'test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * Migrating takes seconds, a copy does not: both templates are made once in a run, by whoever needs them first. Each is
 * made under a name of its own, so two at once do some work twice and never see half of it; the first that is ready stays.
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

/** Those that are known to be there: they stay for the whole run. */
const templates = new Set<string>();

async function postgresTemplate(packs: readonly Pack[]): Promise<string> {
  const template = `${inject('databasePrefix')}_template_${await migrationsKey(packs)}`;
  if (templates.has(template) || (await databaseExists(template))) {
    templates.add(template);
    return template;
  }
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

/** The engine's own schedules have no tick to come: a full hour that passes during a test adds no job to it. */
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

/** Nor have those of the command line's processes, which look after their jobs every five minutes. Needs the tables. */
export async function silenceProcesses(db: Database): Promise<void> {
  const watching = defineAlerts().types({ database: db, tell: () => undefined });
  await silenceSchedules(db, [sealAudit, ...watching]);
}

/** Changes when any migration does, so that a watching run makes its templates anew. */
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

/**
 * Whoever has just closed a connection may not have left yet, and is waited for: a pool of the test's own, which hears nothing of
 * its clients any more, would take the process down if one was cut off. Those of a killed process are cut off.
 */
async function dropDatabase(name: string): Promise<void> {
  for (let tries = 0; tries < 20 && (await isConnectedTo(name)); tries += 1) await sleep(10);
  await onServer(`drop database ${name} with (force)`);
}

async function isConnectedTo(name: string): Promise<boolean> {
  return (await onServer('select from pg_stat_activity where datname = $1', [name])) > 0;
}

/** Answers the number of rows. One connection for the whole process. */
async function onServer(sql: string, params: string[] = []): Promise<number> {
  admin ??= connectToServer().catch((error: unknown) => {
    admin = null;
    throw error;
  });
  return (await (await admin).query(sql, params)).rowCount ?? 0;
}

let admin: Promise<Client> | null = null;

async function connectToServer(): Promise<Client> {
  const client = new Client({ connectionString: inject('postgresUrl') });
  // A server that was ended, or one that ended this connection: the next statement makes another.
  client.on('error', () => (admin = null));
  await client.connect();
  return client;
}

function newDatabaseName(): string {
  return `${inject('databasePrefix')}_${randomBytes(6).toString('hex')}`;
}

function databaseUrl(name: string, road = inject('postgresUrl')): string {
  const url = new URL(road);
  url.pathname = `/${name}`;
  return url.href;
}
