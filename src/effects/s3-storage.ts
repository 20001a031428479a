import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import type * as S3Module from '@aws-sdk/client-s3';
import type * as UploadModule from '@aws-sdk/lib-storage';
import { isSha256, type FileStorage, type FileToStore } from '../engine/ports/file-storage.ts';
import { type Names, refuseUnknown } from '../errors.ts';
import { s3Failure, sdkMissing, statusOf } from './s3-errors.ts';

export interface S3StorageOptions {
  bucket: string;
  /** Prepended to every key, as in `prefix/abcd…`. Default: none. */
  prefix?: string;
  /** Default: what the AWS SDK finds in the environment. Other servers accept `us-east-1`. */
  region?: string;
  /** The URL of another server than Amazon's. */
  endpoint?: string;
  /** `endpoint/bucket/key` instead of `bucket.endpoint/key`. Default: true if `endpoint` is given. */
  forcePathStyle?: boolean;
  /** Default: what the AWS SDK finds in the environment. */
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
}

const OPTIONS = {
  bucket: true,
  prefix: true,
  region: true,
  endpoint: true,
  forcePathStyle: true,
  credentials: true,
} satisfies Names<S3StorageOptions>;

const CONNECT_TIMEOUT_MS = 10_000;
const SILENCE_TIMEOUT_MS = 60_000;
/** The minimum of S3 for all parts but the last. */
const MIN_PART_BYTES = 5 * 1_048_576;
const MAX_PARTS = 10_000;

/**
 * Files in a bucket of Amazon S3 or of a compatible server. Needs the packages `@aws-sdk/client-s3` and
 * `@aws-sdk/lib-storage`. Errors: `config-invalid`, `s3-missing`, `files-refused`, `files-unreachable`.
 */
export function s3Storage(options: S3StorageOptions): FileStorage {
  refuseUnknown('config-invalid', 's3Storage', options, OPTIONS);
  return new S3Storage(options);
}

interface Sdk {
  s3: typeof S3Module;
  upload: typeof UploadModule;
  client: S3Module.S3Client;
}

class S3Storage implements FileStorage {
  readonly #options: S3StorageOptions;
  readonly #prefix: string;
  #sdk: Promise<Sdk> | null = null;

  constructor(options: S3StorageOptions) {
    this.#options = options;
    this.#prefix = options.prefix ? `${options.prefix.replace(/\/+$/, '')}/` : '';
  }

  async put(sha256: string, path: string, about: FileToStore): Promise<void> {
    const { bytes, contentType, signal } = about;
    await this.#ask(async ({ upload: { Upload }, client }) => {
      signal.throwIfAborted();
      const body = createReadStream(path);
      const upload = new Upload({
        client,
        partSize: Math.max(MIN_PART_BYTES, Math.ceil(bytes / MAX_PARTS)),
        params: { ...this.#at(sha256), Body: body, ContentType: contentType },
      });
      const abort = (): void => void upload.abort();
      signal.addEventListener('abort', abort);
      try {
        await upload.done();
      } finally {
        signal.removeEventListener('abort', abort);
        body.destroy();
      }
    });
  }

  async open(sha256: string): Promise<Readable | null> {
    return this.#ask(async ({ s3, client }) => {
      const { Body } = await client.send(new s3.GetObjectCommand(this.#at(sha256)));
      return Body as Readable; // In Node it always is.
    }, 'NoSuchKey');
  }

  async storedAt(key: string): Promise<Date | null> {
    return this.#ask(async ({ s3, client }) => {
      const { LastModified } = await client.send(new s3.HeadObjectCommand(this.#at(key)));
      return LastModified ?? null;
    }, 'NotFound');
  }

  async *list(): ReturnType<FileStorage['list']> {
    let after: string | undefined;
    do {
      const page = await this.#ask(({ s3, client }) =>
        client.send(
          new s3.ListObjectsV2Command({
            Bucket: this.#options.bucket,
            Prefix: this.#prefix,
            ContinuationToken: after,
          }),
        ),
      );
      for (const { Key, Size, LastModified } of page?.Contents ?? []) {
        const key = Key?.slice(this.#prefix.length) ?? '';
        // Other objects in the bucket are not ours.
        if (isSha256(key) && LastModified) yield { key, bytes: Size ?? 0, storedAt: LastModified };
      }
      after = page?.NextContinuationToken;
    } while (after !== undefined);
  }

  async remove(key: string): Promise<void> {
    await this.#ask(({ s3, client }) => client.send(new s3.DeleteObjectCommand(this.#at(key))));
  }

  #at(key: string): { Bucket: string; Key: string } {
    return { Bucket: this.#options.bucket, Key: `${this.#prefix}${key}` };
  }

  /** Null if the response is the error called `missing`. */
  async #ask<T>(request: (sdk: Sdk) => Promise<T>, missing?: string): Promise<T | null> {
    this.#sdk ??= load(this.#options);
    const sdk = await this.#sdk;
    try {
      return await request(sdk);
    } catch (error) {
      if (error instanceof Error && error.name === missing && statusOf(error) === 404) return null;
      throw s3Failure(this.#options, error);
    }
  }
}

async function load(options: S3StorageOptions): Promise<Sdk> {
  const [s3, upload] = await Promise.all([
    import('@aws-sdk/client-s3'),
    import('@aws-sdk/lib-storage'),
  ]).catch((cause: unknown) => {
    throw sdkMissing(cause);
  });
  const { region, endpoint, credentials, forcePathStyle = endpoint !== undefined } = options;
  const client = new s3.S3Client({
    forcePathStyle,
    ...(region === undefined ? {} : { region }),
    ...(credentials ? { credentials } : {}),
    requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS, socketTimeout: SILENCE_TIMEOUT_MS },
    // Not all compatible servers know the checksums that the SDK sends by default.
    ...(endpoint === undefined
      ? {}
      : { endpoint, region: region ?? 'us-east-1', requestChecksumCalculation: 'WHEN_REQUIRED' }),
  });
  return { s3, upload, client };
}
