import type { Context } from 'hono';
import type { HumdrumError } from '../errors.ts';
import { STATUS_OF } from './status-of.ts';

/** The form of every unsuccessful response, with a stable code. */
export function refusal(c: Context, error: HumdrumError): Response {
  const { code, message } = error;
  return c.json({ success: false, error: { code, message } }, STATUS_OF[code] ?? 500);
}

/** The response to an unexpected error. Details go only to the log. */
export function failure(c: Context): Response {
  const message = 'Internal error. See the log of this process.';
  return c.json({ success: false, error: { code: 'internal', message } }, 500);
}
