import { randomBytes } from 'node:crypto';
import type { Database, Queryable } from '../database/database.ts';
import { HumdrumError } from '../errors.ts';
import { nameFrom } from './name.ts';
import { record, type By } from './record.ts';
import type { Role } from './role.ts';
import { scopesFrom } from './scope.ts';
import { hashOf, isSecret, newSecret } from './secret.ts';

/** An API key without its secret, which is not stored. */
export interface ApiKey {
  id: string;
  name: string;
  role: Role;
  /** The scopes it is limited to, such as `jobs:read`. Null: everything its role allows. */
  scopes: string[] | null;
  createdAt: Date;
  expiresAt: Date | null;
  /** Accurate to the minute. */
  lastUsedAt: Date | null;
  revokedAt: Date | null;
}

export interface KeyToMake {
  name: string;
  role: Role;
  /** Such as `jobs:read` or `queues:write`. Default: everything the role allows. */
  scopes?: readonly string[] | null | undefined;
  expiresAt?: Date | null | undefined;
}

const COLUMNS = `id, name, role, scopes, created_at as "createdAt", expires_at as "expiresAt", last_used_at as "lastUsedAt",
  revoked_at as "revokedAt"`;
const KEY = /^hd_([0-9a-f]{12})_([\w-]{43})$/;
const NO_HASH = Buffer.alloc(32);

/** Creates a key. `secret` is the full key and cannot be read again. Errors: `input-invalid`, `name-taken`. */
export async function createKey(
  db: Database,
  { name: given, role, scopes: asked = null, expiresAt = null }: KeyToMake,
  by: By,
): Promise<{ key: ApiKey; secret: string }> {
  const name = nameFrom(given);
  const scopes = asked && scopesFrom(asked);
  const id = randomBytes(6).toString('hex');
  const secret = newSecret();
  const key = await db.transaction(async (tx) => {
    const { rows } = await tx.query<ApiKey>(
      `insert into humdrum.api_key (id, name, role, secret_hash, created_at, expires_at, scopes)
       values ($1, $2, $3, $4, humdrum.clock(), $5, $6)
       on conflict (name) where revoked_at is null do nothing
       returning ${COLUMNS}`,
      [id, name, role, hashOf(secret), expiresAt?.toISOString() ?? null, scopes],
    );
    const [made] = rows;
    if (!made) throw taken(name);
    if (expiresAt && expiresAt <= made.createdAt) {
      throw new HumdrumError('input-invalid', 'The expiry of a key must be in the future.');
    }
    const only = scopes ? ` for ${scopes.join(' ')}` : '';
    const until = expiresAt ? ` until ${expiresAt.toISOString()}` : '';
    await record(tx, 'granted', `key ${name} (${id}), ${role}${only}${until}`, by);
    return made;
  });
  return { key, secret: `hd_${id}_${secret}` };
}

/** All keys, including expired and revoked ones, newest first. */
export async function listKeys(db: Queryable): Promise<ApiKey[]> {
  const { rows } = await db.query<ApiKey>(
    `select ${COLUMNS} from humdrum.api_key order by created_at desc, id`,
  );
  return rows;
}

/** Revokes a key. Errors: `not-found`, `action-refused` if it is already revoked. */
export async function revokeKey(db: Database, id: string, by: By): Promise<ApiKey> {
  return db.transaction(async (tx) => {
    const { rows } = await tx.query<ApiKey>(
      `update humdrum.api_key set revoked_at = humdrum.clock() where id = $1 and revoked_at is null returning ${COLUMNS}`,
      [id],
    );
    const [key] = rows;
    if (!key) throw await whyNot(tx, id);
    await record(tx, 'revoked', `key ${key.name} (${id})`, by);
    return key;
  });
}

/** Names of active keys are unique because the audit log identifies keys by name. */
function taken(name: string): HumdrumError {
  return new HumdrumError(
    'name-taken',
    `A key named "${name}" already exists. Revoke it first, or choose another name.`,
  );
}

async function whyNot(db: Queryable, id: string): Promise<HumdrumError> {
  const { rows } = await db.query('select from humdrum.api_key where id = $1', [id]);
  return rows.length > 0
    ? new HumdrumError('action-refused', `Key ${id} is already revoked.`)
    : new HumdrumError(
        'not-found',
        `There is no key ${id}. The id of a key is the part between hd_ and the next _.`,
      );
}

/** The name and permissions of a key. */
export type KeyOwner = Pick<ApiKey, 'name' | 'role' | 'scopes'>;

/** Looks up a key by its full text. Null if it is unknown, expired or revoked. */
export async function ownerOfKey(db: Queryable, text: string): Promise<KeyOwner | null> {
  const [, id, secret = ''] = KEY.exec(text) ?? [];
  if (id === undefined) return null;
  const { rows } = await db.query<KeyOwner & { hash: Uint8Array; stale: boolean }>(
    `select name, role, scopes, secret_hash as hash,
       coalesce(last_used_at < humdrum.clock() - interval '1 minute', true) as stale
     from humdrum.api_key
     where id = $1 and revoked_at is null and (expires_at is null or expires_at > humdrum.clock())`,
    [id],
  );
  const [key] = rows;
  if (!isSecret(secret, key?.hash ?? NO_HASH) || !key) return null;
  if (key.stale) await noteUse(db, id);
  const { name, role, scopes } = key;
  return { name, role, scopes };
}

/** The condition is repeated here so that concurrent requests write once. */
async function noteUse(db: Queryable, id: string): Promise<void> {
  await db.query(
    `update humdrum.api_key set last_used_at = humdrum.clock()
     where id = $1 and coalesce(last_used_at < humdrum.clock() - interval '1 minute', true)`,
    [id],
  );
}
