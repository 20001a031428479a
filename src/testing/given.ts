import type { Database } from '../database/database.ts';
import { migrate } from '../database/migrate.ts';
import { openDatabase } from '../database/open.ts';
import { migrationSets, type Pack } from '../engine/job/pack.ts';
import { HumdrumError } from '../errors.ts';
import type { Lent, Prepare } from './embedded.ts';
import { emptyTables, installClock, isMarked, removeClock, tablesInUse } from './queries.ts';

const CONNECTIONS = 10;

/** A database that the test names or has opened: migrated, and emptied of what earlier tests have left. */
export async function lendGiven(
  given: string | Database,
  packs: readonly Pack[],
  prepare?: Prepare,
): Promise<Lent> {
  const own = typeof given === 'string';
  const database = own ? await openDatabase(given, { max: CONNECTIONS }) : given;
  const schemas = ['humdrum', ...packs.map(({ name }) => name)];
  try {
    await refuseLive(database, schemas);
    await migrate(database, migrationSets(packs));
    await installClock(database);
    await emptyTables(database, schemas);
    await prepare?.(database);
  } catch (error) {
    if (own) await database.close();
    throw error;
  }
  const giveBack = async (): Promise<void> => {
    await removeClock(database);
    if (own) await database.close();
  };
  return { database, giveBack };
}

/** Its clock is about to stop and its rows to go: not those of somebody's real jobs. */
async function refuseLive(db: Database, schemas: readonly string[]): Promise<void> {
  if (await isMarked(db)) return;
  const [table] = (await tablesInUse(db, schemas)).filter(
    (name) => !['humdrum.schedule', 'humdrum.receiver', 'humdrum.limits'].includes(name),
  );
  if (table === undefined) return;
  throw new HumdrumError(
    'action-refused',
    `This database is in use: ${table} has rows, and no test has put them there. testHumdrum stops the clock of its database and removes all jobs: give it a database of its own.`,
  );
}
