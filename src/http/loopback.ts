import { Hono } from 'hono';
import { HumdrumError } from '../errors.ts';
import type { Identity } from './identity.ts';
import { refusal } from './refusal.ts';

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|::1|\[::1\])$/;

/** Whether only this machine reaches what listens there. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

/** The app for callers that know it by a name of this machine. */
export function forLoopback(app: Hono): Hono {
  const guarded = new Hono();
  guarded.all('*', (c) => {
    refuseStrangeHost(c.req.raw);
    return app.fetch(c.req.raw, c.env);
  });
  guarded.onError((error, c) => {
    if (error instanceof HumdrumError) return refusal(c, error);
    throw error;
  });
  return guarded;
}

/**
 * A page of another site whose name is pointed here (DNS rebinding) has the browser believe that we are that site. What it
 * sends says so in `Host`. Errors: `request-refused`.
 */
function refuseStrangeHost(request: Request): void {
  const host = request.headers.get('host') ?? new URL(request.url).host;
  if (isLoopback(nameOf(host))) return;
  throw new HumdrumError(
    'request-refused',
    `This server answers to localhost only, not to "${host}".`,
  );
}

/** Whoever reaches a server that listens on loopback only is somebody on this machine. Errors: `request-refused`. */
export async function identifyLocal(request: Request): Promise<Identity> {
  refuseStrangeHost(request);
  return { actor: 'http', role: 'admin', ambient: true };
}

function nameOf(host: string): string {
  const url = `http://${host}`;
  return URL.canParse(url) ? new URL(url).hostname : '';
}
