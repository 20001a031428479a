import { basename, dirname, join } from 'node:path';
import type { Queryable } from '../database/database.ts';
import { migrationStates } from '../database/migrate.ts';
import { isFolder } from '../database/open.ts';
import { fsStorage } from '../effects/fs-storage.ts';
import { userName } from '../engine/base/user-name.ts';
import { migrationSets, type Pack } from '../engine/job/pack.ts';
import type { HumdrumOptions } from '../engine/options.ts';
import type { Watch } from '../engine/ports/alerts.ts';
import { RESERVED, workerSettings } from '../engine/worker/options.ts';
import { defineAlerts } from '../health/alerts.ts';
import { isChannel } from '../health/sink.ts';
import type { Setting } from './config.ts';

/** The engine's options from the configuration and the environment. */
export function optionsOf({ config, database }: Setting): HumdrumOptions {
  const { access: _ofHttp, ...engines } = config;
  return {
    ...(isFolder(database) ? { files: fsStorage(filesBeside(database)) } : {}),
    alerts: defaultAlerts(config),
    ...engines,
    ...secretKeys(),
    database,
    actor: actor(),
  };
}

/** Alerts go to the log, or to the configuration's own channel "log": two channels cannot have one name. */
function defaultAlerts({ receivers = [] }: Setting['config']): Watch {
  const own = receivers.filter(isChannel).find(({ name }) => name === 'log');
  return defineAlerts(own ? { sinks: [own] } : {});
}

/**
 * The packs of a database that is opened without migrating. Without a configuration file, the default packs that the database
 * does not have are left out: reading a database must not require the tables of a quiz.
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

/** The actor of CLI commands in the audit log. */
export function actor(): string {
  return `cli:${userName()}`;
}

/** A folder for one database only: an engine removes files that its database does not reference. */
export function filesBeside(folder: string): string {
  return join(dirname(folder), `${basename(folder)}-files`);
}

/** Several keys are separated by commas. The first one encrypts. */
function secretKeys(): Pick<HumdrumOptions, 'secretKey'> {
  const keys = process.env['HUMDRUM_SECRET_KEY'];
  return keys ? { secretKey: keys.split(',') } : {};
}
