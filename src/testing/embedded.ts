import { migrate } from '../database/migrate.ts';
import { openPglite, type PgliteDatabase } from '../database/pglite.ts';
import type { Database } from '../database/database.ts';
import { migrationSets, type Pack } from '../engine/job/pack.ts';
import { definitions, emptyTables, forgetSession, installClock, tablesInUse } from './queries.ts';

/** Creates the tables of the program under test. */
export type Prepare = (db: Database) => Promise<void>;

/** A migrated, empty database, and a function that returns it. */
export interface Lent {
  database: Database;
  giveBack(): Promise<void>;
}

interface Spare {
  database: PgliteDatabase;
  defined: string;
}

/** Long enough for the next test of the same file to start. */
const KEPT_MS = 500;

/** Databases for tests with the same packs and the same `prepare`. */
class Stock {
  readonly #packs: readonly Pack[];
  readonly #prepare: Prepare | undefined;
  #snapshot: Promise<{ data: Blob; bare: boolean }> | null = null;
  /** The database that the snapshot was taken of, for the first who wants one. */
  #original: PgliteDatabase | null = null;
  #spare: Spare | null = null;

  constructor(packs: readonly Pack[], prepare?: Prepare) {
    this.#packs = packs;
    this.#prepare = prepare;
  }

  /** Empties the spare database if its definitions are unchanged, which takes about 50 ms. Otherwise copies the snapshot: 0.5 s. */
  async lend(): Promise<Lent> {
    const spare = this.#spare;
    this.#spare = null;
    const { database, defined } = (spare && (await emptied(spare))) ?? (await this.#copy());
    return { database, giveBack: () => this.#takeBack(database, defined) };
  }

  async #copy(): Promise<Spare> {
    this.#snapshot ??= this.#make();
    const { data } = await this.#snapshot;
    const original = this.#original;
    this.#original = null;
    const database = original ?? (await openPglite({ loadDataDir: data }));
    return { database, defined: await definitions(database) };
  }

  async #make(): Promise<{ data: Blob; bare: boolean }> {
    const db = await openPglite();
    await migrate(db, migrationSets(this.#packs));
    await installClock(db);
    await this.#prepare?.(db);
    const bare = (await tablesInUse(db, null)).length === 0;
    const data = await db.dumpDataDir();
    await forgetSession(db);
    this.#original = db;
    return { data, bare };
  }

  /** Keeps one spare. Tests run one after another, and each database takes the memory of a whole PostgreSQL. */
  async #takeBack(lent: PgliteDatabase, defined: string): Promise<void> {
    const database = await lent.handOver();
    const { bare } = (await this.#snapshot) ?? { bare: false };
    if (!bare || this.#spare) return database.close();
    const spare = { database, defined };
    this.#spare = spare;
    // An open PGlite has timers of its own that would keep the process alive.
    setTimeout(() => void this.#discard(spare), KEPT_MS).unref();
  }

  async #discard(spare: Spare): Promise<void> {
    if (this.#spare !== spare) return;
    this.#spare = null;
    await spare.database.close();
  }
}

/** Empties a spare database. Closes it and returns null if a test changed its definitions. */
async function emptied({ database, defined }: Spare): Promise<Spare | null> {
  await forgetSession(database);
  if ((await definitions(database)) !== defined) {
    await database.close();
    return null;
  }
  await emptyTables(database, null);
  return { database, defined: await definitions(database) };
}

const stocks = new Map<string, Map<Prepare | undefined, Stock>>();

/** Lends a database of its own to each test. The first in a process takes seconds. */
export async function lendEmbedded(packs: readonly Pack[], prepare?: Prepare): Promise<Lent> {
  const key = packs.map(({ name, migrations }) => `${name} ${migrations.href}`).join('\n');
  const ofPacks = stocks.get(key) ?? new Map<Prepare | undefined, Stock>();
  const stock = ofPacks.get(prepare) ?? new Stock(packs, prepare);
  stocks.set(key, ofPacks.set(prepare, stock));
  return stock.lend();
}
