import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { HumdrumError } from '../errors.ts';
import type { Database, Queryable } from './database.ts';
import { explainRefusal, runScript } from './rights.ts';

/** A folder of plain SQL files `NNNN_name.sql`, numbered from 0001 without a gap. */
export interface MigrationSet {
  readonly name: string;
  readonly folder: URL;
}

export interface Migration {
  readonly set: string;
  readonly number: number;
  readonly name: string;
  readonly checksum: string;
  readonly sql: string;
}

const BOOTSTRAP = `
create schema if not exists humdrum;
  create table if not exists humdrum.migration (
    set        text        not null,
    number     integer     not null,
    name       text        not null,
    checksum   text        not null,
    applied_at timestamptz not null default clock_timestamp(),
    primary key (set, number)
  );`;

/**
 * Applies all pending migrations in one transaction and returns them. Safe to call from several processes at once.
 * `onProgress` is called before each migration. Errors: `migration-changed`, `rights-missing`.
 */
export async function migrate(
  db: Database,
  sets: readonly MigrationSet[],
  onProgress: (done: number, of: number) => void = () => undefined,
): Promise<Migration[]> {
  const files = await readSets(sets);
  if ((await missing(db, files)).length === 0) return [];
  const applying = db.transaction(async (tx) => {
    // Held until the transaction ends, so it also works behind a transaction pooler.
    await tx.query(`select pg_advisory_xact_lock(hashtext('humdrum.migration'))`);
    await runScript(tx, BOOTSTRAP);
    const pending = await missing(tx, files);
    for (const [done, migration] of pending.entries()) {
      onProgress(done, pending.length);
      await runScript(tx, migration.sql);
      await tx.query(
        'insert into humdrum.migration (set, number, name, checksum) values ($1, $2, $3, $4)',
        [migration.set, migration.number, migration.name, migration.checksum],
      );
    }
    return pending;
  });
  return applying.catch((error: unknown) => {
    throw explainRefusal(
      error,
      (refusal) =>
        `This role may not change the tables of Humdrum: ${refusal}. Migrate as the role that owns them: humdrum db migrate`,
    );
  });
}

/** Returns what `migrate` would apply, without applying it. Errors: `migration-changed`. */
export async function planMigrations(
  db: Database,
  sets: readonly MigrationSet[],
): Promise<Migration[]> {
  return missing(db, await readSets(sets));
}

/**
 * Refuses a database whose tables are not exactly those of these sets. Changes nothing. Errors: `schema-outdated`,
 * `schema-newer`, `migration-changed`.
 */
export async function requireMigrated(db: Queryable, sets: readonly MigrationSet[]): Promise<void> {
  const states = await migrationStates(db, sets);
  const of = (state: MigrationState['state']): MigrationState[] =>
    states.filter((one) => one.state === state);
  const [altered] = of('changed');
  if (altered) throw changed(altered);
  const unknown = of('unknown');
  if (unknown.length > 0) throw newer(unknown);
  const pending = of('pending');
  if (pending.length > 0) throw outdated(pending, of('applied').length === 0);
}

/** What a program that starts on newer tables should say: `schema-newer`. Null if they are not newer. */
export async function newerThan(
  db: Queryable,
  sets: readonly MigrationSet[],
): Promise<HumdrumError | null> {
  const unknown = (await migrationStates(db, sets)).filter(({ state }) => state === 'unknown');
  return unknown.length > 0 ? newer(unknown) : null;
}

export interface MigrationState extends Pick<Migration, 'set' | 'number' | 'name'> {
  /** `changed`: the file differs from the one applied. `unknown`: applied, but this version has no such file. */
  state: 'applied' | 'pending' | 'changed' | 'unknown';
  appliedAt: Date | null;
}

interface Applied {
  set: string;
  number: number;
  name: string;
  checksum: string;
  appliedAt: Date;
}

/** The state of each migration of these sets. Changes nothing. */
export async function migrationStates(
  db: Queryable,
  sets: readonly MigrationSet[],
): Promise<MigrationState[]> {
  const files = await readSets(sets);
  const applied = new Map((await readApplied(db)).map((row) => [`${row.set}/${row.number}`, row]));
  const ours = files.map(({ set, number, name, checksum }): MigrationState => {
    const before = applied.get(`${set}/${number}`);
    applied.delete(`${set}/${number}`);
    if (!before) return { set, number, name, state: 'pending', appliedAt: null };
    const state = before.checksum === checksum ? 'applied' : 'changed';
    return { set, number, name, state, appliedAt: before.appliedAt };
  });
  const names = new Set(sets.map(({ name }) => name));
  const others = [...applied.values()].filter(({ set }) => names.has(set));
  return [
    ...ours,
    ...others.map(({ set, number, name, appliedAt }): MigrationState => ({
      set,
      number,
      name,
      state: 'unknown',
      appliedAt,
    })),
  ];
}

async function readApplied(db: Queryable): Promise<Applied[]> {
  const known = await db.query(
    `select from pg_tables where schemaname = 'humdrum' and tablename = 'migration'`,
  );
  if (known.rows.length === 0) return [];
  const reading = db.query<Applied>(
    'select set, number, name, checksum, applied_at as "appliedAt" from humdrum.migration order by set, number',
  );
  const { rows } = await reading.catch((error: unknown) => {
    throw explainRefusal(
      error,
      (refusal) =>
        `This role lacks rights on the tables of Humdrum: ${refusal}. Give it the rights of a worker, as the role that owns them: humdrum db grant ROLE`,
    );
  });
  return rows;
}

async function missing(db: Queryable, files: readonly Migration[]): Promise<Migration[]> {
  const applied = new Map((await readApplied(db)).map((row) => [`${row.set}/${row.number}`, row]));
  return files.filter((file) => {
    const before = applied.get(`${file.set}/${file.number}`);
    if (before && before.checksum !== file.checksum) throw changed(file);
    return !before;
  });
}

/** `unknown`: the migrations that a newer version of the program has applied. */
function newer(unknown: readonly MigrationState[]): HumdrumError {
  return new HumdrumError(
    'schema-newer',
    `The tables of this database are newer than this program, which does not know ${listOf(unknown)}. ` +
      'Upgrade this program: npm install humdrum@latest',
  );
}

function outdated(pending: readonly MigrationState[], isEmpty: boolean): HumdrumError {
  return new HumdrumError(
    'schema-outdated',
    isEmpty
      ? 'This database has no tables of Humdrum. Create them: humdrum db migrate'
      : `The tables of this database are older than this program: they lack ${listOf(pending)}. Bring them up to date: humdrum db migrate`,
  );
}

const MOST_LISTED = 3;

function listOf(migrations: readonly MigrationState[]): string {
  const named = migrations.slice(0, MOST_LISTED).map(({ set, name }) => `${set}/${name}`);
  const more = migrations.length - named.length;
  return more > 0 ? `${named.join(', ')} and ${more} more` : named.join(', ');
}

function changed(file: Pick<Migration, 'set' | 'name'>): HumdrumError {
  return new HumdrumError(
    'migration-changed',
    `Migration ${file.set}/${file.name} has changed since it was applied to this database: its checksum differs. ` +
      'Restore the file, and put your change into a new migration.',
  );
}

async function readSets(sets: readonly MigrationSet[]): Promise<Migration[]> {
  return (await Promise.all(sets.map(readSet))).flat();
}

async function readSet({ name: set, folder }: MigrationSet): Promise<Migration[]> {
  const names = await namesIn(folder);
  if (names.length === 0) throw leftBehind(folder);
  return Promise.all(
    names.map(async (name, index) => {
      const number = Number(name.slice(0, 4));
      if (number !== index + 1) {
        throw new Error(`Migration ${set}/${name}: expected number ${index + 1} here.`);
      }
      // A checkout may have changed the line ends. That does not make it another migration.
      const text = await readFile(new URL(name, folder), 'utf8');
      const sql = text.replaceAll('\r\n', '\n');
      const checksum = createHash('sha256').update(sql).digest('hex');
      return { set, number, name, checksum, sql };
    }),
  );
}

async function namesIn(folder: URL): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw leftBehind(folder, error);
  });
  return names.filter((name) => name.endsWith('.sql')).toSorted();
}

function leftBehind(folder: URL, cause?: unknown): HumdrumError {
  return new HumdrumError(
    'migrations-missing',
    `The SQL files of the tables are not in ${folder.pathname}. A bundler has probably left them behind: keep humdrum out of the ` +
      'bundle, and install it beside it. Next.js: serverExternalPackages: ["humdrum"]; esbuild: --external:humdrum; webpack: ' +
      'externals: [/^humdrum/].',
    cause === undefined ? undefined : { cause },
  );
}
