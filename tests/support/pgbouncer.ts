import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram } from './debian.ts';
import { serverAccount } from './postgres-binaries.ts';
import { freePort } from './postgres-server.ts';

export interface Pgbouncer {
  /** URL of the pooler. The path selects the database of the server. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Path of the program, or null if it is not available. */
export async function findPgbouncer(): Promise<string | null> {
  return findProgram('pgbouncer');
}

/** As with the test server, a shell stops it when our pipe closes. */
const KEEPER = `
folder=$1; shift
exec 3<&0
"$@" 3<&- & bouncer=$!
read -r _ <&3
kill -TERM $bouncer
wait $bouncer
rm -rf "$folder"
`;

/** Starts PgBouncer in transaction mode, where a client holds a server connection only during a transaction. */
export async function startPgbouncer(program: string, server: string): Promise<Pgbouncer> {
  const account = serverAccount();
  const folder = await mkdtemp(join(tmpdir(), 'humdrum-pgbouncer-'));
  const port = await freePort();
  const file = join(folder, 'pgbouncer.ini');
  await writeFile(file, configuration(new URL(server), port), { mode: 0o600 });
  if (account.uid !== undefined) {
    for (const path of [folder, file]) await chown(path, account.uid, account.gid);
  }
  const shell = spawn('/bin/sh', ['-c', KEEPER, 'humdrum-pgbouncer', folder, program, file], {
    ...account,
    cwd: folder,
    detached: true,
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  await new Promise<void>((resolve, reject) => {
    let output = '';
    shell.stderr.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-4_000);
      if (output.includes('process up')) resolve();
      if (/FATAL/.test(output)) reject(new Error(`PgBouncer did not start: ${output}`));
    });
  });
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    async stop() {
      const closed = once(shell, 'close');
      shell.stdin.end();
      await closed;
    },
  };
}

/** Accepts any client as the superuser. Acceptable for a server that lives only for a test run and listens on loopback. */
function configuration(server: URL, port: number): string {
  return `[databases]
* = host=${server.hostname} port=${server.port || 5432} user=${decodeURIComponent(server.username)} password=${decodeURIComponent(server.password)}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 40
max_client_conn = 1000
`;
}
