import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { Humdrum } from '../engine/humdrum.ts';
import type { HumdrumOptions } from '../engine/options.ts';
import type { Listener } from '../engine/ports/events.ts';
import type { Database } from '../database/database.ts';
import { isFolder } from '../database/open.ts';
import { HumdrumError } from '../errors.ts';
import type { Client } from '../http/client.ts';
import { readSetting, type GlobalFlags, type Setting } from './config.ts';
import { interruptible } from './interrupt.ts';
import { say } from './output.ts';
import { serverAddress, type ServerAddress } from './server-address.ts';

/**
 * For a process that stays: opens what the global flags, the environment and the configuration file name, makes the
 * database if there is none, and brings its tables up to date. All other commands use `withHumdrum`.
 */
export async function openHumdrum(
  command: Command,
  onEvent: Listener,
  more: Pick<HumdrumOptions, 'dryRun'>,
): Promise<{ humdrum: Humdrum; setting: Setting }> {
  refuseUrl(command);
  const setting = await readSetting(command.optsWithGlobals<GlobalFlags>());
  if (isFolder(setting.database) && !existsSync(setting.database)) {
    say(`Making the embedded database in ${setting.database}. This takes some seconds.`);
  }
  const [{ createHumdrum }, { optionsOf }, { traceJobs }] = await Promise.all([
    import('../engine/create-humdrum.ts'),
    import('./engine-options.ts'),
    import('../telemetry/trace-jobs.ts'),
  ]);
  const humdrum = await createHumdrum({
    ...optionsOf(setting),
    tracing: traceJobs(),
    ...more,
    onEvent,
  });
  return { humdrum, setting };
}

/** `JOB_DRY_RUN=1`: the whole process rehearses. */
export function isDryRun(): boolean {
  return process.env['JOB_DRY_RUN'] === '1';
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
  const { askWithin } = await import('./ask-within.ts');
  return withHumdrum(command, (humdrum) => askWithin(humdrum, act));
}

async function askServer<T>(
  server: ServerAddress,
  act: (client: Client) => Promise<T>,
): Promise<T> {
  const { Client } = await import('../http/client.ts');
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

/**
 * For a command that opens the database, does one thing there, and closes. It neither makes a database nor changes its
 * tables. Errors: `database-missing`, `schema-outdated`, `schema-newer`.
 */
export async function withHumdrum<T>(
  command: Command,
  act: (humdrum: Humdrum) => Promise<T>,
): Promise<T> {
  const opening = openAsItIs(command);
  return interruptible(
    async () => act((await opening).humdrum),
    async () => {
      const { humdrum, database } = await opening;
      try {
        await humdrum.close();
      } finally {
        await database.close();
      }
    },
  );
}

async function openAsItIs(command: Command): Promise<{ humdrum: Humdrum; database: Database }> {
  refuseUrl(command);
  const setting = await readSetting(command.optsWithGlobals<GlobalFlags>());
  const [
    { createHumdrum },
    { openDatabase },
    { optionsOf, packsIn, connectionsOf },
    { traceJobs },
  ] = await Promise.all([
    import('../engine/create-humdrum.ts'),
    import('../database/open.ts'),
    import('./engine-options.ts'),
    import('../telemetry/trace-jobs.ts'),
  ]);
  const options = optionsOf(setting);
  const max = connectionsOf(options);
  const database = await openDatabase(setting.database, { max, create: false });
  try {
    const packs = await packsIn(database, setting);
    const more = { packs, database, migrate: false, tracing: traceJobs() };
    return { humdrum: await createHumdrum({ ...options, ...more }), database };
  } catch (error) {
    await database.close();
    throw error;
  }
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
