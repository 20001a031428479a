import { execFile, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePort } from '../tests/support/postgres-server.ts';

const run = promisify(execFile);

export interface RedisServer {
  readonly url: string;
  readonly version: string;
  stop(): Promise<void>;
}

/** Settings named in the report. All others are Redis' defaults. */
export const REDIS_SETTINGS = { appendonly: 'yes', appendfsync: 'everysec' };

/** Starts a Redis on a free port. Null if it is not installed and cannot be. */
export async function startRedis(): Promise<RedisServer | null> {
  const version = (await installed()) ?? (await install());
  if (version === null) return null;
  const folder = await mkdtemp(join(tmpdir(), 'humdrum-redis-'));
  const port = await freePort();
  const settings = Object.entries(REDIS_SETTINGS).flatMap(([name, value]) => [`--${name}`, value]);
  const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder];
  const server = spawn('redis-server', [...place, ...settings], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => {
    server.once('close', () => resolve());
  });
  // The server must not outlive this process.
  const kill = (): void => {
    server.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  };
  process.once('exit', kill);
  await ready(server.stdout, ended);
  return {
    url: `redis://127.0.0.1:${port}`,
    version,
    stop: async () => {
      server.kill('SIGTERM');
      await ended;
      process.off('exit', kill);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function ready(output: NodeJS.ReadableStream, ended: Promise<void>): Promise<void> {
  let text = '';
  await new Promise<void>((resolve, reject) => {
    output.on('data', (chunk: Buffer) => {
      text = (text + chunk.toString()).slice(-4_000);
      if (text.includes('Ready to accept connections')) resolve();
    });
    void ended.then(() => reject(new Error(`Redis ended: ${text}`)));
  });
}

async function installed(): Promise<string | null> {
  const { stdout } = await run('redis-server', ['--version']).catch(() => ({ stdout: '' }));
  return /v=(\S+)/.exec(stdout)?.[1] ?? null;
}

async function install(): Promise<string | null> {
  if (process.getuid?.() !== 0) return null;
  await run('apt-get', ['install', '-y', 'redis-server']).catch(() => null);
  return installed();
}
