import type { Context } from 'hono';
import type { HumdrumError } from '../errors.ts';
import { STATUS_OF } from './status-of.ts';

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
