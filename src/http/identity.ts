import { ownerOfKey } from '../access/api-key.ts';
import { actorFrom } from '../access/login.ts';
import { sessionOf, type SessionTimes } from '../access/session.ts';
import type { Queryable } from '../database/database.ts';
import type { Role } from './contract/role.ts';
import { sessionToken } from './cookie.ts';
import type { Peer } from './peer.ts';

/** The caller's name in the audit log, and their permissions. */
export interface Identity {
  /** `user:ada from 203.0.113.7`, `key:deploy from 203.0.113.7` … */
  readonly actor: string;
  readonly role: Role;
  /** Scopes that a key is limited to, such as `jobs:read`. Null or omitted: everything the role allows. */
  readonly scopes?: readonly string[] | null;
  /** Whether a browser sends the credentials automatically, which makes cross-site request forgery possible. */
  readonly ambient: boolean;
  /** The account of the session. */
  readonly accountId?: number | null;
}

/** Identifies the caller. Null if the credentials are missing or invalid. */
export type Identify = (request: Request, peer: Peer) => Promise<Identity | null>;

/** Identifies by key if one is sent, otherwise by session cookie. An invalid key is refused even if the cookie is valid. */
export function identifyBy(db: Queryable, times?: SessionTimes): Identify {
  return async (request, peer) => {
    const authorization = request.headers.get('authorization') ?? '';
    if (/^bearer\b/i.test(authorization)) return byKey(db, authorization, peer);
    const token = sessionToken(request, peer);
    const session = token ? await sessionOf(db, token, times) : null;
    if (!session) return null;
    const { name, role, accountId } = session;
    return { actor: actorFrom(name, peer.address), role, accountId, ambient: true };
  };
}

async function byKey(
  db: Queryable,
  authorization: string,
  { address }: Peer,
): Promise<Identity | null> {
  const [, key] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
  const owner = key === undefined ? null : await ownerOfKey(db, key);
  if (!owner) return null;
  const { name, role, scopes } = owner;
  return { actor: actorFrom(`key:${name}`, address), role, scopes, ambient: false };
}
