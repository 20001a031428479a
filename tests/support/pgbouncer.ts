import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serverAccount } from './postgres-binaries.ts';
import { freePort } from './postgres-server.ts';
import { programOrWarning } from './programs.ts';

export interface Pgbouncer {
  /** Leads to any database of the server: the path names it. */
  readonly url: string;
  stop(): Promise<void>;
}

/** Where the program is. Null: it is not installed. */
export function findPgbouncer(): string | null {
  return programOrWarning('pgbouncer');
}

/** As with the server of the tests: a shell holds it, and ends it when our pipe closes, whatever ends us. */
const KEEPER = `
folder=$1; shift
exec 3<&0
"$@" 3<&- & bouncer=$!
read -r _ <&3
kill -TERM $bouncer
wait $bouncer
rm -rf "$folder"
`;

/** In transaction mode: a connection of the server belongs to a client for one transaction and no longer. */
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
    let said = '';
    shell.stderr.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4_000);
      if (said.includes('process up')) resolve();
      if (/FATAL/.test(said)) reject(new Error(`PgBouncer did not start: ${said}`));
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

/** Whoever comes is let in as the superuser of a server that lives as long as a test run: it listens on loopback only. */
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
