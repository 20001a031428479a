import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject, onTestFinished } from 'vitest';
import type { S3StorageOptions } from '../../src/effects/s3-storage.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PROGRAM = `
const Server = require('s3rver');
const configureBuckets = [{ name: 'files' }];
new Server({ port: 0, silent: true, directory: process.argv[1], configureBuckets })
  .run()
  .then(({ port }) => process.send(port));
process.on('disconnect', () => process.exit());`;

export interface S3Place extends S3StorageOptions {
  endpoint: string;
}

/** Copies a file of the bucket beside the protocol, on the server's disk. */
type CopyOnDisk = (from: string, to: string) => Promise<void>;

interface Server {
  child: ChildProcess;
  folder: string;
  port: number;
}

/** What the test before has left: to load the program takes longer than most tests. */
const idle: Server[] = [];

/** A real S3 endpoint with one empty bucket, for this test alone. */
export async function startS3(): Promise<S3Place> {
  return (await startS3WithDisk()).place;
}

export async function startS3WithDisk(): Promise<{ place: S3Place; copyOnDisk: CopyOnDisk }> {
  const server = idle.pop() ?? (await startServer());
  onTestFinished(() => giveBack(server));
  const { folder, port } = server;
  const place = {
    bucket: 'files',
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
  };
  const copyOnDisk: CopyOnDisk = async (from, to) => {
    for (const part of ['object', 'object.md5', 'metadata.json']) {
      const at = (key: string): string => join(folder, 'files', `${key}._S3rver_${part}`);
      await copyFile(at(from), at(to));
    }
  };
  return { place, copyOnDisk };
}

/** Ends when we do: the channel between us closes. */
async function startServer(): Promise<Server> {
  // The continuation tokens of its lists are DES, which OpenSSL has put away: so it has a process of its own.
  const flags = ['--openssl-legacy-provider', '--eval', PROGRAM];
  const folder = await mkdtemp(join(inject('runFolder'), 's3-'));
  const child = spawn(process.execPath, [...flags, folder], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [port] = (await once(child, 'message')) as [number];
  return { child, folder, port };
}

/** Its bucket is a folder. Uploads that were not ended are kept there too. */
async function giveBack(server: Server): Promise<void> {
  const bucket = join(server.folder, 'files');
  for (const name of await readdir(bucket))
    await rm(join(bucket, name), { recursive: true, force: true });
  if (server.child.exitCode === null && server.child.signalCode === null) idle.push(server);
}
