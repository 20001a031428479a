import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { fsStorage } from '../../src/effects/fs-storage.ts';
import { s3Storage } from '../../src/effects/s3-storage.ts';
import type { FileStorage } from '../../src/index.ts';
import { ALL, freshFolder, freshUrl } from '../support/databases.ts';
import { startS3 } from '../support/s3-server.ts';
import { all } from '../support/storages.ts';

const PUT_FILE = fileURLToPath(new URL('fixtures/put-file.mjs', import.meta.url));
const MIB = 1_048_576;
const LARGE = { mebibytes: ALL ? 400 : 100 };
const SLOW = { timeout: 300_000 };
/** What a process may take beyond what a file of 24 MiB took: a quarter of the smaller file. */
const GROWTH_MIB = 25;

interface Put {
  result: { sha256: string; bytes: number };
  grownMib: number;
}

/** In a process of its own. */
async function put(where: object): Promise<Put> {
  const asked = { ...where, database: await freshUrl() };
  const run = promisify(execFile)(process.execPath, [
    '--expose-gc',
    PUT_FILE,
    JSON.stringify(asked),
  ]);
  return JSON.parse((await run).stdout) as Put;
}

async function expectWhole(storage: FileStorage, { sha256, bytes }: Put['result']): Promise<void> {
  expect(await all(storage)).toContainEqual({
    key: sha256,
    bytes,
    storedAt: expect.any(Date) as Date,
  });
  const hash = createHash('sha256');
  for await (const chunk of (await storage.open(sha256)) ?? []) hash.update(chunk as Buffer);
  expect(hash.digest('hex')).toBe(sha256);
}

it('goes to the file system in little memory', SLOW, async () => {
  const folder = await freshFolder();
  const { result, grownMib } = await put({ folder, ...LARGE });
  expect(result.bytes).toBe(LARGE.mebibytes * MIB);
  expect(grownMib).toBeLessThan(GROWTH_MIB);
  await expectWhole(fsStorage(folder), result);
});

it('goes to S3 in little memory', SLOW, async () => {
  const s3 = await startS3();
  const { result, grownMib } = await put({ s3, ...LARGE });
  expect(result.bytes).toBe(LARGE.mebibytes * MIB);
  expect(grownMib).toBeLessThan(GROWTH_MIB);
  await expectWhole(s3Storage(s3), result);
});

it('is stored once by two processes at once', SLOW, async () => {
  const folder = await freshFolder();
  const where = { folder, mebibytes: 20 };
  const [one, other] = await Promise.all([put(where), put(where)]);
  expect(one.result).toEqual(other.result);
  await expectWhole(fsStorage(folder), one.result);
  expect(await all(fsStorage(folder))).toHaveLength(2);
});
