import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { HumdrumError, ErrorCode } from '../errors.ts';

/** How an expected failure is said over HTTP. What is not here is a failure of the server. */
export const STATUS_OF: Partial<Record<ErrorCode, ContentfulStatusCode>> = {
  'attribute-unknown': 400,
  'cursor-invalid': 400,
  'filter-invalid': 400,
  'input-invalid': 422,
  'not-serializable': 422,
  'limit-unknown': 422,
  'request-invalid': 400,
  unauthenticated: 401,
  'request-refused': 403,
  'role-insufficient': 403,
  'link-invalid': 403,
  'job-not-found': 404,
  'not-found': 404,
  'type-unknown': 404,
  'file-not-found': 404,
  'files-missing': 404,
  'action-refused': 409,
  'dry-run': 409,
  'limit-reached': 409,
  'name-taken': 409,
  'preview-expired': 409,
  'body-too-large': 413,
  'content-type-unsupported': 415,
  'too-many-attempts': 429,
  'too-many-requests': 429,
  'server-unreachable': 502,
  'database-unreachable': 503,
  'files-unreachable': 503,
  'secret-key-missing': 503,
};

/** Every answer that is no success has this form, and a code that programs may rely on. */
export function refusal(c: Context, error: HumdrumError): Response {
  const { code, message } = error;
  return c.json({ success: false, error: { code, message } }, STATUS_OF[code] ?? 500);
}

/** What nobody expected is told to the log alone. */
export function failure(c: Context): Response {
  const message = 'Something failed here. The log of this process says what.';
  return c.json({ success: false, error: { code: 'internal', message } }, 500);
}
