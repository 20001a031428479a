import { parse, serialize } from 'hono/utils/cookie';
import type { Peer } from './peer.ts';

/** Where it is the only road, the browser is told to take no such cookie from anybody but this very host over https. */
const nameOf = (name: string, { https }: Peer): string => (https ? `__Host-${name}` : name);

export function cookieOf(request: Request, name: string, peer: Peer): string | undefined {
  const header = request.headers.get('cookie');
  const full = nameOf(name, peer);
  return header === null ? undefined : parse(header, full)[full];
}

/** `expires` in the past takes it away. */
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
