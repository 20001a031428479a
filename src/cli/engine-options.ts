import { userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { isFolder } from '../database/open.ts';
import { fsStorage } from '../effects/fs-storage.ts';
import type { HumdrumOptions } from '../engine/options.ts';
import { defineAlerts } from '../health/alerts.ts';
import type { Setting } from './config.ts';

/** The engine's options from the configuration and the environment. */
export function optionsOf({ config, database }: Setting): HumdrumOptions {
  return {
    ...(isFolder(database) ? { files: fsStorage(filesBeside(database)) } : {}),
    alerts: defineAlerts(),
    ...config,
    ...secretKeys(),
    database,
    actor: actor(),
  };
}

/** The actor of CLI commands in the audit log. */
export function actor(): string {
  return `cli:${userInfo().username}`;
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
