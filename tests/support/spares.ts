import { readCatalog } from '../../src/database/catalog.ts';
import type { PgliteDatabase } from '../../src/database/pglite.ts';
import type { PostgresDatabase } from '../../src/database/postgres.ts';
import { definitions, forgetSession } from '../../src/testing/queries.ts';
import { emptyTables } from './emptying.ts';

/** A database with nothing in it but what its migrations have made. */
export interface Spare {
  db: PgliteDatabase | PostgresDatabase;
  made: Made;
  /** After its last test. */
  remove: () => Promise<void>;
}

interface Made {
  /** Tells cheaply that some definition has changed since. */
  mark: string;
  schemas: string[];
  things: string;
  /** The statement that defines the engine's clock, which tests take into their hands. */
  clock: string;
}

type Db = Spare['db'];

/** `remove` is for what is left when the database is closed. */
export async function toSpare(db: Db, remove: () => Promise<void>): Promise<Spare> {
  const schemas = await schemasOf(db);
  const made = { schemas, mark: await markOf(db), things: await thingsIn(db, schemas) };
  const { rows } = await db.query<{ clock: string }>(
    `select pg_get_functiondef('humdrum.clock'::regproc) as clock`,
  );
  return { db, made: { ...made, clock: rows[0]?.clock ?? '' }, remove };
}

async function schemasOf(db: Db): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    `select nspname as name from pg_namespace where nspname !~ '^(pg_|information_schema$)' order by 1`,
  );
  return rows.map(({ name }) => name);
}

/** Its definitions, and the migrations that it says it has. */
async function markOf(db: Db): Promise<string> {
  const { rows } = await db.query('select * from humdrum.migration order by 1, 2');
  return JSON.stringify([await definitions(db), rows]);
}

const THINGS = `
select 'part ' || oid::regclass as thing from pg_class where relispartition
union all select 'options ' || oid::regclass::text || reloptions::text from pg_class where reloptions is not null
union all select 'constraint ' || conrelid || ' ' || contypid || conname || pg_get_constraintdef(oid) from pg_constraint
union all select 'default ' || adrelid::regclass || '.' || adnum || pg_get_expr(adbin, adrelid) from pg_attrdef
union all select 'index ' || pg_get_indexdef(indexrelid) || indisvalid::text from pg_index
union all select 'trigger ' || pg_get_triggerdef(oid) || tgenabled::text from pg_trigger where not tgisinternal
union all select 'function ' || pg_get_functiondef(oid) from pg_proc where pronamespace::regnamespace::text = any ($1) and prokind = 'f'
union all select 'setting ' || setdatabase || setrole || setconfig::text from pg_db_role_setting
union all select 'migration ' || migration::text from humdrum.migration
order by thing`;

async function thingsIn(db: Db, schemas: readonly string[]): Promise<string> {
  const { rows } = await db.query(THINGS, [schemas]);
  return JSON.stringify([await readCatalog(db, schemas), rows]);
}

/** What tests of this process have left, one of each kind. */
export class Spares {
  readonly #left = new Map<string, Spare>();

  /** Null: there is none of the kind. Emptied of all rows, and of tables and clocks that a test has brought along. */
  async take(kind: string): Promise<Spare | null> {
    const spare = this.#left.get(kind);
    this.#left.delete(kind);
    if (!spare) return null;
    const { db, made } = spare;
    try {
      const same = (await markOf(db)) === made.mark;
      if (same || (await restored(db, made))) {
        await emptyTables(db);
        return same ? spare : { ...spare, made: { ...made, mark: await markOf(db) } };
      }
    } catch {
      // What cannot be emptied is not lent.
    }
    await removed(spare);
    return null;
  }

  /** One that a test has closed is gone. */
  async giveBack(kind: string, spare: Spare): Promise<void> {
    const next = await handOver(spare.db).catch(() => null);
    if (!next) return removed(spare);
    const before = this.#left.get(kind);
    this.#left.set(kind, { ...spare, db: next });
    if (before) await removed(before);
  }
}

async function removed({ db, remove }: Spare): Promise<void> {
  await db.close();
  await remove();
}

/** Throws where the test has closed it, or has not let go of it. */
async function handOver(db: Db): Promise<Db> {
  if (db.backend === 'pglite') {
    const next = await db.handOver();
    await forgetSession(next);
    return next;
  }
  await forgetSessions(db);
  return db.handOver();
}

/**
 * What a session may have been told, all but its prepared statements, which are named by their text. `discard plans` has them
 * planned anew for the next test.
 */
const FORGET = `
reset session authorization; reset all; close all; unlisten *; select pg_advisory_unlock_all();
discard temp; discard sequences; discard plans`;

/** Each that a test has used: to open a new one costs more than what most tests do with it. */
async function forgetSessions(db: PostgresDatabase): Promise<void> {
  const { busy, idle, waiting } = db.connectionUse();
  if (busy + waiting > 0) throw new Error('A connection has not been given back.');
  const own = db.own();
  const idleOwn = own.connectionUse().idle;
  const all = await Promise.all([
    ...Array.from({ length: idle - idleOwn }, () => db.begin()),
    ...Array.from({ length: idleOwn }, () => own.begin()),
  ]);
  await Promise.all(all.map((tx) => tx.script(FORGET).then(() => tx.commit())));
}

/** False: something else has changed, which is not undone. */
async function restored(db: Db, made: Made): Promise<boolean> {
  const strange = (await schemasOf(db)).filter((name) => !made.schemas.includes(name));
  const drops = [...strange, 'public'].map((name) => `drop schema "${name}" cascade`);
  const script = [made.clock, ...drops, 'create schema public'].join(';\n');
  await db.transaction((tx) => tx.script(script));
  return (await thingsIn(db, made.schemas)) === made.things;
}
