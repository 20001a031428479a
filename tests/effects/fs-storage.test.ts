import { mkdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { expect, it } from 'vitest';
import { fsStorage } from '../../src/effects/fs-storage.ts';
import { freshFolder } from '../support/databases.ts';
import { all, contentOf, keysIn, sha256Of, store } from '../support/storages.ts';

it('lists what a dead process left half written, and nothing that is not its own', async () => {
  const folder = await freshFolder();
  const storage = fsStorage(folder);
  const key = await store(storage, 'content');
  const left = `incoming-${randomUUID()}`;
  await writeFile(join(folder, 'incoming', left), 'half');
  await writeFile(join(folder, 'incoming', 'notes.txt'), 'mine');
  await writeFile(join(folder, 'README'), 'mine');
  await mkdir(join(folder, 'ab', 'cd', 'f'.repeat(64)), { recursive: true });
  expect(await keysIn(storage)).toEqual([key, left].toSorted());
  await storage.remove(left);
  expect(await keysIn(storage)).toEqual([key]);
});

it('makes an old file young when it is stored again', async () => {
  const folder = await freshFolder();
  const storage = fsStorage(folder);
  const key = await store(storage, 'content');
  const before = await storage.storedAt(key);
  const path = join(folder, key.slice(0, 2), key.slice(2, 4), key);
  await utimes(path, 0, 0);
  expect(await storage.storedAt(key)).toEqual(new Date(0));
  await store(storage, 'content');
  expect(Number(await storage.storedAt(key))).toBeGreaterThanOrEqual(Number(before));
});

it('never shows half a file, however many store the same at once', async () => {
  const storage = fsStorage(await freshFolder());
  const content = 'x'.repeat(5_000_000);
  const key = sha256Of(content);
  const storing = Array.from({ length: 8 }, () => store(storage, content));
  const seen = await Promise.all(
    storing.map(async (stored) => {
      await stored;
      return (await contentOf(storage, key))?.length;
    }),
  );
  expect(new Set(seen)).toEqual(new Set([content.length]));
  expect(await all(storage)).toMatchObject([{ key, bytes: content.length }]);
});

it.each(['../../etc/passwd', 'ABCD', ''])('takes no "%s" for a key', async (key) => {
  const storage = fsStorage(await freshFolder());
  await expect(storage.storedAt(key)).rejects.toThrow(/no stored file/);
});
