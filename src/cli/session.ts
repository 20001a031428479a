import { existsSync } from 'node:fs';
import type { Command } from 'commander';
import type { Humdrum } from '../engine/humdrum.ts';
import type { Listener } from '../engine/ports/events.ts';
import type { Database } from '../database/database.ts';
import { isFolder } from '../database/open.ts';
import { HumdrumError } from '../errors.ts';
import type { Client } from '../http/client.ts';
import { readSetting, type GlobalFlags, type Setting } from './config.ts';
import { interruptible } from './interrupt.ts';
import { withoutServer } from './locked.ts';
import { say } from './output.ts';
import { serverAddress, type ServerAddress } from './server-address.ts';

/**
 * For a process that keeps running: opens the engine that the global flags, the environment and the configuration file
 * define, creates the database if there is none, and migrates it. All other commands use `withHumdrum`.
 */
export async function openHumdrum(
  command: Command,
  onEvent: Listener,
): Promise<{ humdrum: Humdrum; setting: Setting }> {
  refuseUrl(command);
  const setting = await readSetting(command.optsWithGlobals<GlobalFlags>());
  if (isFolder(setting.database) && !existsSync(setting.database)) {
    say(`Creating the embedded database in ${setting.database}. This takes a few seconds.`);
  }
  const [{ createHumdrum }, { optionsOf }, { traceJobs }] = await Promise.all([
    import('../engine/create-humdrum.ts'),
    import('./engine-options.ts'),
    import('../telemetry/trace-jobs.ts'),
  ]);
  const humdrum = await createHumdrum({
    ...optionsOf(setting),
    tracing: traceJobs(),
    onEvent,
  }).catch((error: unknown) => {
    throw withoutServer(error, command);
  });
  return { humdrum, setting };
}

/**
 * Runs a command against the API: that of the server named with `--url`, or an in-process one on the database that the other
 * flags name.
 */
export async function withClient<T>(
  command: Command,
  act: (client: Client) => Promise<T>,
): Promise<T> {
  const server = await serverAddress(command.optsWithGlobals<GlobalFlags>());
  if (server) return interruptible(() => askServer(server, act));
  const { askWithin } = await import('./ask-within.ts');
  return withEngine(openAsItIs(command), (humdrum) => askWithin(humdrum, act));
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
        ? 'The server requires a key. Pass it with HUMDRUM_KEY or --key-file FILE. Create one on the machine of the server: humdrum keys create NAME --role ROLE (before starting it, if it uses the embedded database).'
        : 'The server does not accept this key. It is mistyped, expired, revoked or from another server. See: humdrum keys list';
    throw new HumdrumError('unauthenticated', message, { cause: error });
  }
}

/**
 * For a command that cannot use a server: opens the engine, runs one action and closes it. It neither creates a database nor
 * migrates. Errors: `database-missing`, `schema-outdated`, `schema-newer`.
 */
export async function withHumdrum<T>(
  command: Command,
  act: (humdrum: Humdrum) => Promise<T>,
): Promise<T> {
  const opening = openAsItIs(command).catch((error: unknown) => {
    throw withoutServer(error, command);
  });
  return withEngine(opening, act);
}

async function withEngine<T>(
  opening: ReturnType<typeof openAsItIs>,
  act: (humdrum: Humdrum) => Promise<T>,
): Promise<T> {
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
  const instead =
    command.name() === 'run'
      ? ' To run a job on a server: humdrum enqueue TYPE --wait --url …'
      : '';
  throw new HumdrumError(
    'config-invalid',
    `This command needs direct access to the database and does not support --url. Use --database, or run it on the machine of the server.${instead}`,
  );
}
