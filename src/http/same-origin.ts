import { HumdrumError } from '../errors.ts';
import type { Peer } from './peer.ts';

/**
 * Refuses cross-site requests (CSRF). A page of another site can make a browser send requests with our cookies, but it cannot
 * hide their origin. Errors: `request-refused`.
 */
export function refuseCrossSite(request: Request, { origin: ours }: Pick<Peer, 'origin'>): void {
  const site = request.headers.get('sec-fetch-site');
  const origin = request.headers.get('origin');
  const foreign =
    site === null
      ? origin !== null && (origin === 'null' || origin !== ours)
      : site !== 'same-origin' && site !== 'none';
  if (!foreign) return;
  throw new HumdrumError('request-refused', 'Changes are accepted only from pages of this server.');
}
