import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { freshFolder } from './databases.ts';
import { programOrWarning } from './debian.ts';
import { freePort } from './postgres-server.ts';

/** Path of the program, installed if possible. Null if it is not available. */
export async function findRedis(): Promise<string | null> {
  return programOrWarning('redis-server');
}

export interface RedisServer {
  readonly url: string;
  /** Stops the server. Its data is lost. */
  stop(): Promise<void>;
  /** Starts it again at the same address, empty. */
  start(): Promise<void>;
  /** Makes the server accept connections but not reply. */
  freeze(): void;
  thaw(): void;
}

/** As with the other test servers, a shell stops it when our pipe closes. */
const KEEPER = `
exec 3<&0
"$@" 3<&- & server=$!
echo "pid $server"
read -r _ <&3
kill -CONT $server; kill -KILL $server
wait $server
`;

/** Starts a real Redis without persistence, removed when the test ends. */
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
    const output = await untilSaid(started, 'Ready to accept connections');
    pid = Number(/^pid (\d+)/m.exec(output)?.[1]);
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
  let output = '';
  await new Promise<void>((resolve, reject) => {
    server.stdout?.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-8_000);
      if (output.includes(words)) resolve();
    });
    server.once('close', () => reject(new Error(`Redis ended: ${output}`)));
  });
  return output;
}
