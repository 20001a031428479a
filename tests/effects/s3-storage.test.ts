import { execFile } from 'node:child_process';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { s3Storage } from '../../src/effects/s3-storage.ts';
import type { HumdrumError } from '../../src/index.ts';
import { freshFolder } from '../support/databases.ts';
import { startS3, startS3WithDisk } from '../support/s3-server.ts';
import { contentOf, keysIn, sha256Of, store } from '../support/storages.ts';

const DIST = fileURLToPath(new URL('../../dist', import.meta.url));

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it('keeps to its prefix: others share the bucket, and it does not see their files', async () => {
  const at = await startS3();
  const [plain, ours] = [s3Storage(at), s3Storage({ ...at, prefix: 'ours/' })];
  const theirs = await store(plain, 'theirs');
  const key = await store(ours, 'ours');
  expect(await keysIn(ours)).toEqual([key]);
  expect(await keysIn(plain)).toEqual([theirs]);
  expect(await contentOf(ours, theirs)).toBeNull();
});

it('lists more than one page', async () => {
  const { place: at, copyOnDisk } = await startS3WithDisk();
  const storage = s3Storage(at);
  const keys = Array.from({ length: 1_001 }, (_, index) => sha256Of(`file ${index}`));
  const first = await store(storage, 'file 0');
  // A thousand uploads take long: the others are copies, made where the endpoint keeps its files.
  await Promise.all(keys.slice(1).map(async (key) => copyOnDisk(first, key)));
  expect(await keysIn(storage)).toEqual(keys.toSorted());
});

it('tells of a wrong bucket what to do', async () => {
  const storage = s3Storage({ ...(await startS3()), bucket: 'elsewhere' });
  const refused: Partial<HumdrumError> = {
    code: 'files-refused',
    message: expect.stringMatching(
      /^The bucket "elsewhere" at http:.* refused a request: NoSuchBucket \(404\)\. Make the bucket/,
    ) as string,
  };
  await expect(store(storage, 'x')).rejects.toMatchObject(refused);
  await expect(storage.open(sha256Of('x'))).rejects.toMatchObject(refused);
  await expect(keysIn(storage)).rejects.toMatchObject(refused);
});

it('tells of wrong credentials what to do', async () => {
  const wrong = { accessKeyId: 'NOBODY', secretAccessKey: 'S3RVER' };
  const storage = s3Storage({ ...(await startS3()), credentials: wrong });
  await expect(store(storage, 'x')).rejects.toMatchObject({
    code: 'files-refused',
    message: expect.stringContaining('Check the credentials') as string,
  });
});

it('tells of an endpoint that is down, and of one that fails', async () => {
  const server = createServer((_request, response) => response.writeHead(503).end());
  const endpoint = await listening(server);
  const storage = s3Storage({ ...(await startS3()), endpoint });
  const unreachable: Partial<HumdrumError> = {
    code: 'files-unreachable',
    message: expect.stringContaining(`Cannot reach the bucket "files" at ${endpoint}`) as string,
  };
  await expect(storage.storedAt(sha256Of('x'))).rejects.toMatchObject(unreachable);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await expect(store(storage, 'x')).rejects.toMatchObject(unreachable);
  await expect(storage.storedAt(sha256Of('x'))).rejects.toThrow(/ECONNREFUSED/);
});

it('gives up an upload that is aborted, and has its parts thrown away', async () => {
  const at = await startS3();
  const abort = new AbortController();
  let thrownAway = (): void => undefined;
  const cleared = new Promise<void>((resolve) => (thrownAway = resolve));
  // In between, to see what is asked of the endpoint.
  const between = createServer((asked, answer) => {
    if (asked.method === 'PUT') abort.abort(new Error('enough'));
    if (asked.method === 'DELETE' && asked.url?.includes('uploadId=')) thrownAway();
    const { method, headers } = asked;
    const onward = request(at.endpoint, { path: asked.url, method, headers }, (said) => {
      answer.writeHead(said.statusCode ?? 500, said.headers);
      said.pipe(answer);
    });
    asked.pipe(onward);
  });
  const storage = s3Storage({ ...at, endpoint: await listening(between) });
  const big = Buffer.alloc(30 * 1_048_576, 7);
  await expect(store(storage, big, abort.signal)).rejects.toThrow(/abort/i);
  await cleared;
  expect(await keysIn(s3Storage(at))).toEqual([]);
});

it('names the packages that it needs where they are not installed', async () => {
  const folder = await freshFolder();
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await cp(DIST, folder, { recursive: true });
  await mkdir(join(folder, 'node_modules'));
  const needed = 'node_modules/fastest-levenshtein';
  await symlink(join(DIST, '..', needed), join(folder, needed));
  const program = `
    import { s3Storage } from ${JSON.stringify(join(folder, 'effects/s3-storage.js'))};
    await s3Storage({ bucket: 'files' }).storedAt('x').catch(({ code, message }) => console.log(code, message));`;
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--input-type=module',
    '--eval',
    program,
  ]);
  expect(stdout).toBe(
    's3-missing Files on S3 need two packages. Install them: npm install @aws-sdk/client-s3 @aws-sdk/lib-storage\n',
  );
});
