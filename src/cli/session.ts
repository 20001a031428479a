import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { basename, dirname, join } from 'node:path';
import type { Command } from 'commander';
import { createHumdrum } from '../engine/create-humdrum.ts';
import type { Humdrum } from '../engine/humdrum.ts';
import type { HumdrumOptions } from '../engine/humdrum-options.ts';
import type { Listener } from '../engine/events.ts';
import { fsStorage } from '../effects/fs-storage.ts';
import { defineAlerts } from '../health/alerts.ts';
import { isFolder } from '../database/open.ts';
import { HumdrumError } from '../errors.ts';
import { API } from '../http/api-path.ts';
import { createApp } from '../http/app.ts';
import type { Identity } from '../http/identity.ts';
import { traceJobs } from '../telemetry/trace-jobs.ts';
import { Client } from '../http/client.ts';
import { readSetting, type GlobalFlags, type Setting } from './config.ts';
import { interruptible } from './interrupt.ts';
import { say } from './output.ts';
import { serverAddress, type ServerAddress } from './server-address.ts';

/** Opens what the global flags, the environment and the configuration file name. */
export async function openHumdrum(
  command: Command,
  onEvent?: Listener,
  more: Pick<HumdrumOptions, 'dryRun'> = {},
): Promise<{ humdrum: Humdrum; setting: Setting }> {
  refuseUrl(command);
  const setting = await readSetting(command.optsWithGlobals<GlobalFlags>());
  if (isFolder(setting.database) && !existsSync(setting.database)) {
    say(`Making the embedded database in ${setting.database}. This takes some seconds.`);
  }
  const humdrum = await createHumdrum({
    ...optionsOf(setting),
    tracing: traceJobs(),
    ...more,
    ...(onEvent ? { onEvent } : {}),
  });
  return { humdrum, setting };
}

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
function actor(): string {
  return `cli:${userInfo().username}`;
}

/** No other database's: what one does not name, it removes. */
export function filesBeside(folder: string): string {
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

/**
 * For a command that looks at jobs or acts on them: it asks the API, of the server that `--url` names, or of this process
 * over the database that the other flags name.
 */
export async function withClient<T>(
  command: Command,
  act: (client: Client) => Promise<T>,
): Promise<T> {
  const server = await serverAddress(command.optsWithGlobals<GlobalFlags>());
  if (server) return interruptible(() => askServer(server, act));
  return withHumdrum(command, (humdrum) => askWithin(humdrum, act));
}

async function askServer<T>(
  server: ServerAddress,
  act: (client: Client) => Promise<T>,
): Promise<T> {
  try {
    return await act(new Client(server));
  } catch (error) {
    if (!(error instanceof HumdrumError && error.code === 'unauthenticated')) throw error;
    const message =
      server.key === undefined
        ? 'The server asks who you are. Give a key as HUMDRUM_KEY, or --key-file FILE. Where its database is, this makes one: humdrum keys create NAME --role ROLE (before the start, if that is the embedded database).'
        : 'The server does not know this key: it is mistyped, of another server, expired or revoked. See: humdrum keys list';
    throw new HumdrumError('unauthenticated', message, { cause: error });
  }
}

/** The API without a network. What nobody expected is thrown as it is, for there is no other log to look into. */
async function askWithin<T>(humdrum: Humdrum, act: (client: Client) => Promise<T>): Promise<T> {
  const troubles: unknown[] = [];
  const me: Identity = { actor: actor(), role: 'admin', ambient: false };
  const app = createApp(humdrum, {
    identify: async () => me,
    onError: (error) => troubles.push(error),
  });
  const client = new Client({
    base: `http://localhost${API}`,
    fetch: (request) => app.fetch(request),
  });
  try {
    return await act(client);
  } catch (error) {
    throw troubles[0] ?? error;
  }
}

/** For a command that opens the database, does one thing there, and closes. */
export async function withHumdrum<T>(
  command: Command,
  act: (humdrum: Humdrum) => Promise<T>,
): Promise<T> {
  const opening = openHumdrum(command);
  return interruptible(
    async () => act((await opening).humdrum),
    async () => (await opening).humdrum.close(),
  );
}

/** Errors: `config-invalid`. */
export function refuseUrl(command: Command): void {
  if (command.optsWithGlobals<GlobalFlags>().url === undefined) return;
  const instead = command.name() === 'run' ? ' A server runs a job by: humdrum enqueue --wait' : '';
  throw new HumdrumError(
    'config-invalid',
    `This command works on the database itself and takes no --url. Name the database with --database, or run it where the server runs.${instead}`,
  );
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
