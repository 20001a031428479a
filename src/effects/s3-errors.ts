import { errorMessage, HumdrumError } from '../errors.ts';

export function sdkMissing(cause: unknown): HumdrumError {
  return new HumdrumError(
    's3-missing',
    'Files on S3 need two packages. Install them: npm install @aws-sdk/client-s3 @aws-sdk/lib-storage',
    { cause },
  );
}

const ADVICE: Record<string, string> = {
  NoSuchBucket: 'Make the bucket, or mend its name or its region.',
  PermanentRedirect: 'Mend the region.',
  AuthorizationHeaderMalformed: 'Mend the region.',
  InvalidAccessKeyId: 'Check the credentials.',
  SignatureDoesNotMatch: 'Check the credentials and the clock of this machine.',
  ExpiredToken: 'Renew the credentials.',
};
const RIGHTS =
  'Check the credentials; they need s3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload and s3:ListBucket.';

/** What the endpoint refused, or why it did not answer. An abort is no error of the endpoint, and is returned unchanged. */
export function s3Failure(at: { bucket: string; endpoint?: string }, cause: unknown): unknown {
  if (!(cause instanceof Error) || cause.name === 'AbortError') return cause;
  const where = `bucket "${at.bucket}"${at.endpoint === undefined ? '' : ` at ${at.endpoint}`}`;
  const status = statusOf(cause);
  if (status === null || status >= 500) {
    return new HumdrumError(
      'files-unreachable',
      `Cannot reach the ${where}: ${reasonOf(cause)}. Check that it runs, and its endpoint, region and credentials.`,
      { cause },
    );
  }
  return new HumdrumError(
    'files-refused',
    `The ${where} refused a request: ${cause.name} (${status}). ${ADVICE[cause.name] ?? RIGHTS}`,
    { cause },
  );
}

/** The HTTP status of the response. Null: there was none. */
export function statusOf(error: Error): number | null {
  const metadata: unknown = '$metadata' in error ? error.$metadata : null;
  if (typeof metadata !== 'object' || metadata === null) return null;
  return 'httpStatusCode' in metadata && typeof metadata.httpStatusCode === 'number'
    ? metadata.httpStatusCode
    : null;
}

/** A refused connection to several addresses is an AggregateError with an empty message. */
function reasonOf(error: Error): string {
  return error instanceof AggregateError
    ? error.errors.map(errorMessage).join('; ')
    : (error.message || error.name).replace(/\.$/, '');
}
