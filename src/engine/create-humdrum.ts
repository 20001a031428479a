import { migrate, requireMigrated } from '../database/migrate.ts';
import { openDatabase } from '../database/open.ts';
import { Humdrum } from './humdrum.ts';
import { checkOptions, type HumdrumOptions } from './options.ts';
import { expireOtherWorkers } from './worker/membership.ts';
import { migrationSets } from './job/pack.ts';
import { RESERVED, workerSettings } from './worker/options.ts';

/**
 * Opens and migrates the database, and registers your job types. No job runs before `start`. Errors: those of the options,
 * of opening the database, and `migration-changed`; with `migrate: false` also `database-missing`, `schema-outdated` and
 * `schema-newer`.
 */
export async function createHumdrum(options: HumdrumOptions = {}): Promise<Humdrum> {
  checkOptions(options);
  const { database } = options;
  const own = database === undefined || typeof database === 'string';
  const migrates = database === undefined || options.migrate !== false;
  const { concurrency } = workerSettings(options.worker);
  const db = own
    ? await openDatabase(database, { max: concurrency + RESERVED, create: migrates })
    : database;
  try {
    const humdrum = new Humdrum(db, options, own);
    const sets = migrationSets(options.packs ?? []);
    if (migrates) {
      await migrate(db, sets);
      await expireOtherWorkers(db);
    } else await requireMigrated(db, sets);
    return humdrum;
  } catch (error) {
    if (own) await db.close();
    throw error;
  }
}
