import { createRequire } from 'node:module';
import { onTestFinished } from 'vitest';
import type { S3StorageOptions } from '../../src/effects/s3-storage.ts';
import { freshFolder } from './databases.ts';

interface S3Server {
  run(): Promise<{ port: number }>;
  close(): Promise<void>;
}

type Start = new (options: {
  port: number;
  silent: boolean;
  directory: string;
  configureBuckets: { name: string }[];
}) => S3Server;

/** A real S3 endpoint with one empty bucket, gone when the test ends. It brings no types. */
export async function startS3(): Promise<S3StorageOptions & { endpoint: string }> {
  const Server = createRequire(import.meta.url)('s3rver') as Start;
  const server = new Server({
    port: 0,
    silent: true,
    directory: await freshFolder(),
    configureBuckets: [{ name: 'files' }],
  });
  const { port } = await server.run();
  onTestFinished(() => server.close());
  return {
    bucket: 'files',
    endpoint: `http://127.0.0.1:${port}`,
    credentials: { accessKeyId: 'S3RVER', secretAccessKey: 'S3RVER' },
  };
}
