import type { Database } from '../database/database.ts';
import { migrate } from '../database/migrate.ts';
import { openDatabase } from '../database/open.ts';
import { migrationSets, type Pack } from '../engine/job/pack.ts';
import { HumdrumError } from '../errors.ts';
import type { Lent, Prepare } from './embedded.ts';
import { emptyTables, installClock, isMarked, removeClock, tablesInUse } from './queries.ts';

const CONNECTIONS = 10;

/** Migrates a database that the test names or has opened, and empties it of the rows of earlier tests. */
export async function lendGiven(
  given: string | Database,
  packs: readonly Pack[],
  prepare?: Prepare,
): Promise<Lent> {
  const isOwn = typeof given === 'string';
  const database = isOwn ? await openDatabase(given, { max: CONNECTIONS }) : given;
  const schemas = ['humdrum', ...packs.map(({ name }) => name)];
  try {
    await refuseLive(database, schemas);
    await migrate(database, migrationSets(packs));
    await installClock(database);
    await emptyTables(database, schemas);
    await prepare?.(database);
  } catch (error) {
    if (isOwn) await database.close();
    throw error;
  }
  const giveBack = async (): Promise<void> => {
    await removeClock(database);
    if (isOwn) await database.close();
  };
  return { database, giveBack };
}

/** A test stops the clock and deletes all rows, so a database with real jobs must be refused. */
async function refuseLive(db: Database, schemas: readonly string[]): Promise<void> {
  if (await isMarked(db)) return;
  const [table] = (await tablesInUse(db, schemas)).filter(
    (name) =>
      !['humdrum.schedule', 'humdrum.replaced_rule', 'humdrum.receiver', 'humdrum.limits'].includes(
        name,
      ),
  );
  if (table === undefined) return;
  throw new HumdrumError(
    'action-refused',
    `This database is in use: ${table} has rows that no test created. testHumdrum stops the clock of its database and deletes all jobs, so give it a separate database.`,
  );
}
