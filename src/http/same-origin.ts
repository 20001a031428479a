import { HumdrumError } from '../errors.ts';

/**
 * A page of another site can make a browser send requests with the credentials that it holds for us. It cannot hide where
 * they come from. Errors: `request-refused`.
 */
export function refuseCrossSite(request: Request): void {
  const site = request.headers.get('sec-fetch-site');
  const origin = request.headers.get('origin');
  const foreign =
    site === null
      ? origin !== null && new URL(request.url).origin !== origin
      : site !== 'same-origin' && site !== 'none';
  if (!foreign) return;
  throw new HumdrumError('request-refused', 'Changes are accepted from pages of this server only.');
}
