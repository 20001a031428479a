import { readCatalog } from '../../src/database/catalog.ts';
import { openPglite, type PgliteDatabase } from '../../src/database/pglite.ts';
import { definitions, emptyTables, forgetSession } from '../../src/testing/queries.ts';

/** An embedded database that contains only what its migrations created. */
export interface Spare {
  db: PgliteDatabase;
  made: Made;
}

interface Made {
  /** Cheap fingerprint that changes with any definition. */
  mark: string;
  schemas: string[];
  things: string;
  /** Definition of the engine's clock, which tests may replace. */
  clock: string;
}

export async function openSpare(loadDataDir: Blob): Promise<Spare> {
  const db = await openPglite({ loadDataDir });
  const schemas = await schemasOf(db);
  const made = { schemas, mark: await markOf(db), things: await thingsIn(db, schemas) };
  const { rows } = await db.query<{ clock: string }>(
    `select pg_get_functiondef('humdrum.clock'::regproc) as clock`,
  );
  return { db, made: { ...made, clock: rows[0]?.clock ?? '' } };
}

async function schemasOf(db: PgliteDatabase): Promise<string[]> {
  const { rows } = await db.query<{ name: string }>(
    `select nspname as name from pg_namespace where nspname !~ '^(pg_|information_schema$)' order by 1`,
  );
  return rows.map(({ name }) => name);
}

/** Fingerprint of the definitions and of the recorded migrations. */
async function markOf(db: PgliteDatabase): Promise<string> {
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

async function thingsIn(db: PgliteDatabase, schemas: readonly string[]): Promise<string> {
  const { rows } = await db.query(THINGS, [schemas]);
  return JSON.stringify([await readCatalog(db, schemas), rows]);
}

/** Databases left by earlier tests of this process, one of each kind. */
export class Spares {
  readonly #left = new Map<string, Spare>();

  /** Takes a spare of this kind, without rows, and without tables and clocks that a test added. Null if there is none. */
  async take(kind: string): Promise<Spare | null> {
    const spare = this.#left.get(kind);
    this.#left.delete(kind);
    if (!spare) return null;
    const { db, made } = spare;
    await forgetSession(db);
    if ((await markOf(db)) !== made.mark && !(await restored(db, made))) {
      await db.close();
      return null;
    }
    await emptyTables(db, null);
    return { db, made: { ...made, mark: await markOf(db) } };
  }

  /** Keeps the database as a spare, unless the test closed it. */
  async giveBack(kind: string, { db, made }: Spare): Promise<void> {
    const open = await db.handOver().catch(() => null);
    if (!open) return;
    const before = this.#left.get(kind);
    this.#left.set(kind, { db: open, made });
    await before?.db.close();
  }
}

/** False if something changed that cannot be undone. */
async function restored(db: PgliteDatabase, made: Made): Promise<boolean> {
  const strange = (await schemasOf(db)).filter((name) => !made.schemas.includes(name));
  const drops = [...strange, 'public'].map((name) => `drop schema "${name}" cascade`);
  const script = [made.clock, ...drops, 'create schema public'].join(';\n');
  await db.transaction((tx) => tx.script(script));
  return (await thingsIn(db, made.schemas)) === made.things;
}
