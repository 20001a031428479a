import { openPglite, type PgliteDatabase } from '../../src/database/pglite.ts';
import { definitions, emptyTables, forgetSession } from '../../src/testing/queries.ts';

/** An embedded database with nothing in it but its definitions. */
export interface Spare {
  db: PgliteDatabase;
  defined: string;
}

export async function openSpare(loadDataDir: Blob): Promise<Spare> {
  const db = await openPglite({ loadDataDir });
  return { db, defined: await madeOf(db) };
}

/** Its definitions, and the migrations that it says it has. */
async function madeOf(db: PgliteDatabase): Promise<string> {
  const { rows } = await db.query('select * from humdrum.migration order by 1, 2');
  return JSON.stringify([await definitions(db), rows]);
}

/** What tests of this process have left, one of each kind. */
export class Spares {
  readonly #left = new Map<string, Spare>();

  /** Null: there is none of the kind. Emptied of all rows. */
  async take(kind: string): Promise<Spare | null> {
    const spare = this.#left.get(kind);
    this.#left.delete(kind);
    if (!spare) return null;
    const { db, defined } = spare;
    await forgetSession(db);
    if ((await madeOf(db)) !== defined) {
      await db.close();
      return null;
    }
    await emptyTables(db, null);
    return { db, defined: await madeOf(db) };
  }

  /** One that a test has closed is gone. */
  async giveBack(kind: string, { db, defined }: Spare): Promise<void> {
    const open = await db.handOver().catch(() => null);
    if (!open) return;
    const before = this.#left.get(kind);
    this.#left.set(kind, { db: open, defined });
    await before?.db.close();
  }
}
