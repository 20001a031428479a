import { userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Queryable } from '../database/database.ts';
import { migrationStates } from '../database/migrate.ts';
import { isFolder } from '../database/open.ts';
import { fsStorage } from '../effects/fs-storage.ts';
import { migrationSets, type Pack } from '../engine/job/pack.ts';
import type { HumdrumOptions } from '../engine/options.ts';
import { RESERVED, workerSettings } from '../engine/worker/options.ts';
import { defineAlerts } from '../health/alerts.ts';
import type { Setting } from './config.ts';

/** What an engine is made with. */
export function optionsOf({ config, database }: Setting): HumdrumOptions {
  const { access: _ofHttp, ...engines } = config;
  return {
    ...(isFolder(database) ? { files: fsStorage(filesBeside(database)) } : {}),
    alerts: defineAlerts(),
    ...engines,
    ...secretKeys(),
    database,
    actor: actor(),
  };
}

/**
 * The packs of a database that is opened as it is. Without a configuration file nobody has asked for packs: those that the
 * database does not have are left out, so that a look at somebody's database does not ask for the tables of games.
 */
export async function packsIn(
  db: Queryable,
  { config: { packs = [] }, file }: Setting,
): Promise<readonly Pack[]> {
  if (file !== null) return packs;
  const states = await migrationStates(db, migrationSets(packs));
  const begun = new Set(states.filter(({ appliedAt }) => appliedAt).map(({ set }) => set));
  return packs.filter(({ name }) => begun.has(name));
}

/** As many connections as an engine with these options opens by itself. */
export function connectionsOf({ worker }: HumdrumOptions): number {
  return workerSettings(worker).concurrency + RESERVED;
}

/** As the audit names whoever types commands here. */
export function actor(): string {
  return `cli:${userInfo().username}`;
}

/** No other database's: what one does not name, it removes. */
export function filesBeside(folder: string): string {
  return join(dirname(folder), `${basename(folder)}-files`);
}

/** Of several, separated by commas, the first seals. */
function secretKeys(): Pick<HumdrumOptions, 'secretKey'> {
  const keys = process.env['HUMDRUM_SECRET_KEY'];
  return keys ? { secretKey: keys.split(',') } : {};
}
