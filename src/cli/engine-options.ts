import { userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { isFolder } from '../database/open.ts';
import { fsStorage } from '../effects/fs-storage.ts';
import type { HumdrumOptions } from '../engine/options.ts';
import { defineAlerts } from '../health/alerts.ts';
import type { Setting } from './config.ts';

/** What an engine is made with. */
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
