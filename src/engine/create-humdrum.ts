import { migrate, type MigrationSet, newerThan, requireMigrated } from '../database/migrate.ts';
import type { Database } from '../database/database.ts';
import { openDatabase } from '../database/open.ts';
import { Humdrum } from './humdrum.ts';
import { migrationSets } from './job/pack.ts';
import { checkOptions, type HumdrumOptions } from './options.ts';
import type { EngineEvent } from './ports/events.ts';
import { Listeners } from './ports/listeners.ts';
import { expireOtherWorkers } from './worker/membership.ts';
import { RESERVED, workerSettings } from './worker/options.ts';

/**
 * Opens and migrates the database, and registers your job types. No job runs before `start`. Tables that are newer than this
 * program, as after a deployment was rolled back, are left as they are: an event `trouble` with `schema-newer` says so. Errors:
 * those of the options,
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
      await warnOfNewer(db, sets, options);
      await expireOtherWorkers(db);
    } else await requireMigrated(db, sets);
    return humdrum;
  } catch (error) {
    if (own) await db.close();
    throw error;
  }
}

async function warnOfNewer(
  db: Database,
  sets: readonly MigrationSet[],
  { onEvent }: HumdrumOptions,
): Promise<void> {
  const error = await newerThan(db, sets);
  if (!error || !onEvent) return;
  const listeners = new Listeners<EngineEvent>(({ event }) => event, [onEvent]);
  listeners.tell({ event: 'trouble', doing: 'checking the tables', error });
}
