import { HumdrumError } from '../errors.ts';
import type { Identity } from './identity.ts';

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Whoever reaches a server that listens on loopback only is somebody on this machine. A name of another site that it points
 * here (DNS rebinding) shows in `Host`. Errors: `request-refused`.
 */
export async function identifyLocal(request: Request): Promise<Identity> {
  const host = request.headers.get('host') ?? new URL(request.url).host;
  if (!LOOPBACK.has(nameOf(host))) {
    throw new HumdrumError(
      'request-refused',
      `This server answers to localhost only, not to "${host}".`,
    );
  }
  return { actor: 'http', role: 'admin', ambient: true };
}

function nameOf(host: string): string {
  const url = `http://${host}`;
  return URL.canParse(url) ? new URL(url).hostname : '';
}
