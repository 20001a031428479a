import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Command } from 'commander';
import { createHumdrum } from '../engine/create-humdrum.ts';
import type { Humdrum } from '../engine/humdrum.ts';
import type { HumdrumOptions } from '../engine/humdrum-options.ts';
import type { Listener } from '../engine/events.ts';
import { fsStorage } from '../effects/fs-storage.ts';
import { isFolder } from '../database/open.ts';
import { say } from './output.ts';
import { readSetting, type GlobalFlags, type Setting } from './config.ts';

/** Opens what the global flags, the environment and the configuration file name. */
export async function openHumdrum(
  command: Command,
  onEvent?: Listener,
  more: Pick<HumdrumOptions, 'dryRun'> = {},
): Promise<{ humdrum: Humdrum; setting: Setting }> {
  const setting = await readSetting(command.optsWithGlobals<GlobalFlags>());
  const embedded = isFolder(setting.database);
  if (embedded && !existsSync(setting.database)) {
    say(`Making the embedded database in ${setting.database}. This takes some seconds.`);
  }
  const humdrum = await createHumdrum({
    ...(embedded ? { files: fsStorage(filesBeside(setting.database)) } : {}),
    ...setting.config,
    ...secretKeys(),
    database: setting.database,
    actor: `cli:${userInfo().username}`,
    ...more,
    ...(onEvent ? { onEvent } : {}),
  });
  return { humdrum, setting };
}

/** No other database's: what one does not name, it removes. */
function filesBeside(folder: string): string {
  return join(dirname(folder), `${basename(folder)}-files`);
}

/** `JOB_DRY_RUN=1`: the whole process rehearses. */
export function isDryRun(): boolean {
  return process.env['JOB_DRY_RUN'] === '1';
}

/** Of several, separated by commas, the first seals. */
function secretKeys(): Pick<HumdrumOptions, 'secretKey'> {
  const keys = process.env['HUMDRUM_SECRET_KEY'];
  return keys ? { secretKey: keys.split(',') } : {};
}

/** For a command that opens, does one thing, and closes. */
export async function withHumdrum<T>(
  command: Command,
  act: (humdrum: Humdrum) => Promise<T>,
): Promise<T> {
  const { humdrum } = await openHumdrum(command);
  try {
    return await act(humdrum);
  } finally {
    await humdrum.close();
  }
}

/** A terminal or a supervisor may send one signal to the process and to its group: that is no second asking. */
const ECHO_MS = 300;

/** Until somebody asks this process to end. `onAgain` is called when they ask a second time. */
export async function untilSignal(onAgain: () => void): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let askedMs = Infinity;
    const hear = (signal: NodeJS.Signals): void => {
      const nowMs = performance.now();
      if (nowMs - askedMs > ECHO_MS) onAgain();
      askedMs = Math.min(askedMs, nowMs);
      resolve(signal);
    };
    process.on('SIGINT', hear);
    process.on('SIGTERM', hear);
  });
}
