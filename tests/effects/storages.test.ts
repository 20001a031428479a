import { expect, it } from 'vitest';
import { all, contentOf, eachStorage, keysIn, sha256Of, store } from '../support/storages.ts';

eachStorage('a storage', (freshStorage) => {
  it('keeps what it is given under its hash, once', async () => {
    const storage = await freshStorage();
    expect(await all(storage)).toEqual([]);
    const key = await store(storage, 'all of it');
    await store(storage, 'all of it');
    expect(await all(storage)).toEqual([{ key, bytes: 9, storedAt: expect.any(Date) as Date }]);
    expect(await contentOf(storage, key)).toBe('all of it');
    expect(await storage.storedAt(key)).toEqual((await all(storage))[0]?.storedAt);
  });

  it('keeps an empty file, and one of many parts', async () => {
    const storage = await freshStorage();
    const big = Buffer.alloc(12 * 1_048_576, 'a part of it\n').toString();
    const keys = [await store(storage, ''), await store(storage, big)];
    expect(await keysIn(storage)).toEqual(keys.toSorted());
    expect(await contentOf(storage, sha256Of(''))).toBe('');
    expect(sha256Of((await contentOf(storage, sha256Of(big))) ?? '')).toBe(sha256Of(big));
  });

  it('knows nothing of what is not there, and removes it without complaint', async () => {
    const storage = await freshStorage();
    const key = await store(storage, 'short-lived');
    for (let times = 0; times < 2; times += 1) {
      await storage.remove(key);
      expect(await storage.open(key)).toBeNull();
      expect(await storage.storedAt(key)).toBeNull();
      expect(await keysIn(storage)).toEqual([]);
    }
  });

  it('stores nothing of what is aborted', async () => {
    const storage = await freshStorage();
    const big = Buffer.alloc(30 * 1_048_576, 7);
    await expect(store(storage, big, AbortSignal.abort())).rejects.toThrow(/abort/i);
    expect(await keysIn(storage)).toEqual([]);
  });
});
