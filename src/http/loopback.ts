import { Hono } from 'hono';
import { HumdrumError } from '../errors.ts';
import type { Identity } from './identity.ts';
import { refusal } from './refusal.ts';

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1|\[::1\])$/;

/** Whether only this machine can reach a server listening on `host`. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

/** Restricts an app to requests addressed to a loopback name. */
export function forLoopback(app: Hono): Hono {
  const guarded = new Hono();
  guarded.all('*', (c) => {
    refuseOtherHosts(c.req.raw);
    return app.fetch(c.req.raw, c.env);
  });
  guarded.onError((error, c) => {
    if (error instanceof HumdrumError) return refusal(c, error);
    throw error;
  });
  return guarded;
}

/**
 * Guards against DNS rebinding: a site can point its name at this machine, so that the browser treats this server as that
 * site. Such requests carry the site's name in `Host`. Errors: `request-refused`.
 */
function refuseOtherHosts(request: Request): void {
  const host = request.headers.get('host') ?? new URL(request.url).host;
  if (isLoopback(nameOf(host))) return;
  throw new HumdrumError(
    'request-refused',
    `This server accepts only requests to localhost, not to "${host}".`,
  );
}

/** For servers that listen only on loopback, where every caller is a user of this machine. Errors: `request-refused`. */
export async function identifyLocal(request: Request): Promise<Identity> {
  refuseOtherHosts(request);
  return { actor: 'http', role: 'admin', ambient: true };
}

function nameOf(host: string): string {
  const url = `http://${host}`;
  return URL.canParse(url) ? new URL(url).hostname : '';
}
