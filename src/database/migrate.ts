import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { HumdrumError } from '../errors.ts';
import type { Database, Queryable } from './database.ts';

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

/** Applies what is missing, all of it or nothing, and answers what that was. Safe to call from many processes at once. */
export async function migrate(db: Database, sets: readonly MigrationSet[]): Promise<Migration[]> {
  const files = await readSets(sets);
  if ((await missing(db, files)).length === 0) return [];
  return db.transaction(async (tx) => {
    // Held to the end of the transaction, so it is good behind a transaction pooler too.
    await tx.query(`select pg_advisory_xact_lock(hashtext('humdrum.migration'))`);
    await tx.script(BOOTSTRAP);
    const pending = await missing(tx, files);
    for (const migration of pending) {
      await tx.script(migration.sql);
      await tx.query(
        'insert into humdrum.migration (set, number, name, checksum) values ($1, $2, $3, $4)',
        [migration.set, migration.number, migration.name, migration.checksum],
      );
    }
    return pending;
  });
}

/** What `migrate` would apply. Changes nothing. Errors: `migration-changed`. */
export async function planMigrations(
  db: Database,
  sets: readonly MigrationSet[],
): Promise<Migration[]> {
  return missing(db, await readSets(sets));
}

async function missing(db: Queryable, files: readonly Migration[]): Promise<Migration[]> {
  const known = await db.query(
    `select from pg_tables where schemaname = 'humdrum' and tablename = 'migration'`,
  );
  if (known.rows.length === 0) return [...files];
  const { rows } = await db.query<{ set: string; number: number; name: string; checksum: string }>(
    'select set, number, name, checksum from humdrum.migration',
  );
  const applied = new Map(rows.map((row) => [`${row.set}/${row.number}`, row]));
  return files.filter((file) => {
    const before = applied.get(`${file.set}/${file.number}`);
    if (before && before.checksum !== file.checksum) throw changed(file);
    return !before;
  });
}

function changed(file: Migration): HumdrumError {
  return new HumdrumError(
    'migration-changed',
    `The migration ${file.set}/${file.name} is not the file that was applied to this database: its checksum differs. ` +
      'Restore that file, and put what you want to change into a new one.',
  );
}

async function readSets(sets: readonly MigrationSet[]): Promise<Migration[]> {
  return (await Promise.all(sets.map(readSet))).flat();
}

async function readSet({ name: set, folder }: MigrationSet): Promise<Migration[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).toSorted();
  return Promise.all(
    names.map(async (name, index) => {
      const number = Number(name.slice(0, 4));
      if (number !== index + 1) {
        throw new Error(`Migration ${set}/${name}: expected number ${index + 1} here.`);
      }
      const sql = await readFile(new URL(name, folder), 'utf8');
      const checksum = createHash('sha256').update(sql).digest('hex');
      return { set, number, name, checksum, sql };
    }),
  );
}
