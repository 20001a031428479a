import type { MiddlewareHandler } from 'hono';
import { HumdrumError } from '../errors.ts';

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * A page of another site, open in a browser on this machine, can send requests to loopback too. It cannot hide where
 * it comes from; and a name of its own that it points here (DNS rebinding) shows in `Host`.
 */
export const refuseForeign: MiddlewareHandler = async (c, next) => {
  const host = c.req.header('host');
  if (host !== undefined && !LOOPBACK.has(hostName(`http://${host}`))) {
    throw new HumdrumError(
      'request-refused',
      `This server answers to localhost only, not to "${host}".`,
    );
  }
  const site = c.req.header('sec-fetch-site');
  const origin = c.req.header('origin');
  const foreign =
    (site !== undefined && site !== 'same-origin' && site !== 'none') ||
    (site === undefined && origin !== undefined && new URL(c.req.url).origin !== origin);
  if (foreign && c.req.method !== 'GET' && c.req.method !== 'HEAD') {
    throw new HumdrumError(
      'request-refused',
      'Changes are accepted from pages of this server only.',
    );
  }
  await next();
};

function hostName(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : '';
}
