import { parse, serialize } from 'hono/utils/cookie';
import type { Peer } from './peer.ts';

/** Over https, the `__Host-` prefix makes the browser accept the cookie only from this exact host, and only over https. */
const nameOf = (name: string, { https }: Peer): string => (https ? `__Host-${name}` : name);

export function cookieOf(request: Request, name: string, peer: Peer): string | undefined {
  const header = request.headers.get('cookie');
  const full = nameOf(name, peer);
  return header === null ? undefined : parse(header, full)[full];
}

/** An `expires` in the past deletes the cookie. */
export function setCookie(name: string, value: string, expires: Date, peer: Peer): string {
  return serialize(nameOf(name, peer), value, {
    path: '/',
    httpOnly: true,
    sameSite: 'Lax',
    secure: peer.https,
    expires,
  });
}

const SESSION = 'humdrum';

export function sessionToken(request: Request, peer: Peer): string | undefined {
  return cookieOf(request, SESSION, peer);
}

export function sessionCookie(
  { token, expiresAt }: { token: string; expiresAt: Date },
  peer: Peer,
): string {
  return setCookie(SESSION, token, expiresAt, peer);
}

export function noSessionCookie(peer: Peer): string {
  return setCookie(SESSION, '', new Date(0), peer);
}
