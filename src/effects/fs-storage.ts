import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, opendir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isSha256, type FileStorage, type StoredFile } from '../engine/ports/file-storage.ts';
import { makeFolder } from '../make-folder.ts';

/** Half-written files, `incoming-` and a UUID. */
const INCOMING = 'incoming';
const INCOMING_KEY = /^incoming-[\da-f-]{36}$/;
const FAN = /^[\da-f]{2}$/;

/**
 * Files in a folder of this machine, or of a disk that all workers share: `ab/cd/abcd…`, each under its hash. Safe for many
 * processes at once. The folder is created with the first file.
 */
export function fsStorage(folder: string): FileStorage {
  const root = resolve(folder);
  return {
    async put(sha256, path, { signal }) {
      const target = pathOf(root, sha256);
      const draft = pathOf(root, `${INCOMING}-${randomUUID()}`);
      await makeFolder(dirname(draft));
      const made = await makeFolder(dirname(target));
      try {
        const copy = createWriteStream(draft, { flags: 'wx', flush: true });
        await pipeline(createReadStream(path), copy, { signal });
        await rename(draft, target);
      } catch (error) {
        await rm(draft, { force: true });
        throw error;
      }
      await syncFolders(dirname(target), made === undefined ? dirname(target) : root);
    },

    async open(sha256) {
      const file = await unlessMissing(open(pathOf(root, sha256)));
      return file && file.createReadStream();
    },

    async storedAt(key) {
      return (await unlessMissing(stat(pathOf(root, key))))?.mtime ?? null;
    },

    async *list() {
      yield* filesIn(join(root, INCOMING), (name) => INCOMING_KEY.test(name));
      for await (const first of namesIn(root, (name) => FAN.test(name))) {
        for await (const second of namesIn(join(root, first), (name) => FAN.test(name))) {
          yield* filesIn(join(root, first, second), isSha256);
        }
      }
    },

    async remove(key) {
      await rm(pathOf(root, key), { force: true });
    },
  };
}

function pathOf(root: string, key: string): string {
  if (isSha256(key)) return join(root, key.slice(0, 2), key.slice(2, 4), key);
  if (INCOMING_KEY.test(key)) return join(root, INCOMING, key);
  throw new TypeError(`"${key}" is the key of no stored file.`);
}

/** A renamed file survives a power cut only once its folder is synced, and the folder once its parent is. */
async function syncFolders(from: string, upTo: string): Promise<void> {
  if (process.platform === 'win32') return; // Windows cannot open folders, and orders these writes itself.
  for (let folder = from; ; folder = dirname(folder)) {
    const handle = await open(folder);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    if (folder === upTo) return;
  }
}

async function* filesIn(
  folder: string,
  wanted: (name: string) => boolean,
): AsyncGenerator<StoredFile> {
  for await (const key of namesIn(folder, wanted)) {
    const found = await unlessMissing(stat(join(folder, key)));
    if (found?.isFile()) yield { key, bytes: found.size, storedAt: found.mtime };
  }
}

/** Empty if there is no such folder. */
async function* namesIn(folder: string, wanted: (name: string) => boolean): AsyncGenerator<string> {
  const entries = await unlessMissing(opendir(folder));
  if (!entries) return;
  for await (const { name } of entries) if (wanted(name)) yield name;
}

async function unlessMissing<T>(asked: Promise<T>): Promise<T | null> {
  try {
    return await asked;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : null;
    if (code === 'ENOENT' || code === 'ENOTDIR') return null;
    throw error;
  }
}
