import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Command } from 'commander';
import { createHumdrum } from '../engine/create-humdrum.ts';
import type { Humdrum } from '../engine/humdrum.ts';
import type { Listener } from '../engine/events.ts';
import { HumdrumError } from '../errors.ts';
import { fsStorage } from '../effects/fs-storage.ts';
import { isFolder } from '../database/open.ts';
import { say } from './output.ts';
import { readSetting, type GlobalFlags, type Setting } from './config.ts';

/** Opens what the global flags, the environment and the configuration file name. */
export async function openHumdrum(
  command: Command,
  onEvent?: Listener,
): Promise<{ humdrum: Humdrum; setting: Setting }> {
  const setting = await readSetting(command.optsWithGlobals<GlobalFlags>());
  const embedded = isFolder(setting.database);
  if (embedded && !existsSync(setting.database)) {
    say(`Making the embedded database in ${setting.database}. This takes some seconds.`);
  }
  const humdrum = await createHumdrum({
    ...(embedded ? { files: fsStorage(filesBeside(setting.database)) } : {}),
    ...setting.config,
    database: setting.database,
    actor: `cli:${userInfo().username}`,
    ...(onEvent ? { onEvent } : {}),
  });
  return { humdrum, setting };
}

/** No other database's: what one does not name, it removes. */
function filesBeside(folder: string): string {
  return join(dirname(folder), `${basename(folder)}-files`);
}

/** A worker runs jobs for real: who wants a whole process to rehearse must not get that by mistake. */
export function refuseDryRun(): void {
  if (process.env['JOB_DRY_RUN'] !== '1') return;
  throw new HumdrumError(
    'config-invalid',
    'JOB_DRY_RUN=1 is set, and a worker runs jobs for real. Unset it, or rehearse one job: humdrum run TYPE --dry-run',
  );
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
