import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { freshFolder } from './databases.ts';
import { freePort } from './postgres-server.ts';
import { programOrWarning } from './programs.ts';

/** Where the program is. Null: it is not installed. */
export function findRedis(): string | null {
  return programOrWarning('redis-server');
}

export interface RedisServer {
  readonly url: string;
  /** Ends it, with all that it has. */
  stop(): Promise<void>;
  /** Starts it again at the same address, empty. */
  start(): Promise<void>;
  /** It takes connections and answers nothing. */
  freeze(): void;
  thaw(): void;
}

/** As with the other servers of the tests: a shell holds it, and ends it when our pipe closes, whatever ends us. */
const KEEPER = `
exec 3<&0
"$@" 3<&- & server=$!
echo "pid $server"
read -r _ <&3
kill -CONT $server; kill -KILL $server
wait $server
`;

/** A real Redis that keeps nothing on disk, gone when the test ends. */
export async function startRedis(program: string): Promise<RedisServer> {
  const [folder, port] = [await freshFolder(), await freePort()];
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
  let shell: ChildProcess | null = null;
  let pid = 0;
  const stop = async (): Promise<void> => {
    const closed = shell && once(shell, 'close');
    shell?.stdin?.end();
    shell = null;
    await closed;
  };
  const start = async (): Promise<void> => {
    const started = spawn('/bin/sh', ['-c', KEEPER, 'humdrum-redis', program, ...settings], {
      cwd: folder,
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    shell = started;
    const said = await untilSaid(started, 'Ready to accept connections');
    pid = Number(/^pid (\d+)/m.exec(said)?.[1]);
  };
  await start();
  onTestFinished(stop);
  return {
    url: `redis://127.0.0.1:${port}`,
    stop,
    start,
    freeze: () => void process.kill(pid, 'SIGSTOP'),
    thaw: () => void process.kill(pid, 'SIGCONT'),
  };
}

async function untilSaid(server: ChildProcess, words: string): Promise<string> {
  let said = '';
  await new Promise<void>((resolve, reject) => {
    server.stdout?.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-8_000);
      if (said.includes(words)) resolve();
    });
    server.once('close', () => reject(new Error(`Redis ended: ${said}`)));
  });
  return said;
}
