import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { S3StorageOptions } from '../../src/effects/s3-storage.ts';
import { freshFolder } from './databases.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const PROGRAM = `
const Server = require('s3rver');
const configureBuckets = [{ name: 'files' }];
new Server({ port: 0, silent: true, directory: process.argv[1], configureBuckets })
  .run()
  .then(({ port }) => process.send(port));`;

export interface S3Place extends S3StorageOptions {
  endpoint: string;
  /** Copies on disk, bypassing the protocol. */
  copy(from: string, to: string): Promise<void>;
}

/** Starts a real S3 endpoint with one empty bucket, removed when the test ends. */
export async function startS3(): Promise<S3Place> {
  // Its continuation tokens use DES, which needs OpenSSL's legacy provider, so the server runs in its own process.
  const flags = ['--openssl-legacy-provider', '--eval', PROGRAM];
  const folder = await freshFolder();
  const server = spawn(process.execPath, [...flags, folder], {
    cwd: ROOT,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  onTestFinished(() => void server.kill('SIGKILL'));
  const [port] = (await once(server, 'message')) as [number];
  return {
    bucket: 'files',
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
    async copy(from, to) {
      for (const part of ['object', 'object.md5', 'metadata.json']) {
        const at = (key: string): string => join(folder, 'files', `${key}._S3rver_${part}`);
        await copyFile(at(from), at(to));
      }
    },
  };
}
