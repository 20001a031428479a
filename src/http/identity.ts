import { ownerOfKey } from '../access/api-key.ts';
import { actorFrom } from '../access/login.ts';
import { sessionOf, type SessionTimes } from '../access/session.ts';
import type { Queryable } from '../database/database.ts';
import type { Role } from './contract/role.ts';
import { sessionToken } from './cookie.ts';
import type { Peer } from './peer.ts';

/** Who calls: as the audit names them, and what they may. */
export interface Identity {
  /** `user:ada from 203.0.113.7`, `key:deploy from 203.0.113.7` … */
  readonly actor: string;
  readonly role: Role;
  /** What a key is limited to, like `jobs:read`. Null, or left out: all that the role may. */
  readonly scopes?: readonly string[] | null;
  /** Whether a browser sends the credentials by itself, so that another site may make it do so. */
  readonly ambient: boolean;
  /** The account whose session this is. */
  readonly accountId?: number | null;
}

/** Tells who calls. Null: nobody that is known. */
export type Identify = (request: Request, peer: Peer) => Promise<Identity | null>;

/** By a key where one is sent, else by the cookie of a session. A key that is wrong is not made good by a cookie. */
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
