import { migrate } from '../database/migrate.ts';
import { openDatabase } from '../database/open.ts';
import { Humdrum } from './humdrum.ts';
import type { HumdrumOptions } from './options.ts';
import { expireOtherWorkers } from './worker/membership.ts';
import { migrationSets } from './job/pack.ts';
import { RESERVED, workerSettings } from './worker/options.ts';

/** Opens and migrates the database, and registers your job types. No job runs before `start`. */
export async function createHumdrum(options: HumdrumOptions = {}): Promise<Humdrum> {
  const { database } = options;
  const own = database === undefined || typeof database === 'string';
  const { concurrency } = workerSettings(options.worker);
  const db = own ? await openDatabase(database, { max: concurrency + RESERVED }) : database;
  try {
    const humdrum = new Humdrum(db, options, own);
    await migrate(db, migrationSets(options.packs ?? []));
    await expireOtherWorkers(db);
    return humdrum;
  } catch (error) {
    if (own) await db.close();
    throw error;
  }
}
