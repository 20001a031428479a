import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe } from 'vitest';
import { fsStorage } from '../../src/effects/fs-storage.ts';
import { s3Storage } from '../../src/effects/s3-storage.ts';
import type { FileStorage, StoredFile } from '../../src/index.ts';
import { freshFolder } from './databases.ts';
import { startS3 } from './s3-server.ts';

const STORAGES: Record<string, () => Promise<FileStorage>> = {
  'the file system': async () => fsStorage(join(await freshFolder(), 'files')),
  S3: async () => s3Storage({ ...(await startS3()), prefix: 'kept/here' }),
};

/** Runs the same tests on each storage. */
export function eachStorage(
  title: string,
  tests: (freshStorage: () => Promise<FileStorage>) => void,
): void {
  for (const [name, freshStorage] of Object.entries(STORAGES)) {
    describe(`${title} on ${name}`, () => {
      tests(freshStorage);
    });
  }
}

export async function all(storage: FileStorage): Promise<StoredFile[]> {
  const files: StoredFile[] = [];
  for await (const file of storage.list()) files.push(file);
  return files.toSorted((one, other) => (one.key < other.key ? -1 : 1));
}

export async function keysIn(storage: FileStorage): Promise<string[]> {
  return (await all(storage)).map(({ key }) => key);
}

export async function contentOf(storage: FileStorage, sha256: string): Promise<string | null> {
  const stream = await storage.open(sha256);
  return stream && text(stream);
}

/** Stores content without an engine. Returns its address. */
export async function store(
  storage: FileStorage,
  content: string | Uint8Array,
  signal = new AbortController().signal,
): Promise<string> {
  const path = join(await freshFolder(), 'content');
  await writeFile(path, content);
  const sha256 = sha256Of(content);
  const bytes = Buffer.byteLength(content);
  await storage.put(sha256, path, { bytes, contentType: 'text/plain', signal });
  return sha256;
}

export function sha256Of(content: string | Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}
