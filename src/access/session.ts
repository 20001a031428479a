import type { Queryable, Transaction } from '../database/database.ts';
import { record } from './record.ts';
import type { Role } from './role.ts';
import { hashOf, newSecret } from './secret.ts';

export interface SessionTimes {
  /** A session ends after this long without a request. Default: two hours. */
  idleMs?: number;
  /** A session ends this long after login, used or not. Default: twelve hours. */
  lifeMs?: number;
}

/** The token goes to the browser. The database stores only its hash. */
export interface OpenedSession {
  token: string;
  expiresAt: Date;
}

export interface Session {
  /** `user:ada`, or `login-link`. */
  name: string;
  role: Role;
  /** Null for a session opened with the login link. */
  accountId: number | null;
  expiresAt: Date;
}

/** The holder of a new session: an account, or just a role for the login link. */
export type Entrant = { accountId: number } | { role: Role };

const IDLE_MS = 7_200_000;
const LIFE_MS = 43_200_000;

// Deletes ended sessions. Skips locked rows, so that a login never waits for this cleanup.
const FORGET = `
delete from humdrum.session where token_hash in (
  select token_hash from humdrum.session where expires_at <= humdrum.clock() or seen_at <= humdrum.clock() - $1::float8 * interval '1 millisecond'
  order by token_hash limit 100 for update skip locked
)`;

/** Opens a session with a new token. `how` is recorded in the audit log. */
export async function openSession(
  tx: Transaction,
  entrant: Entrant,
  how: { actor: string; by: string },
  { idleMs = IDLE_MS, lifeMs = LIFE_MS }: SessionTimes = {},
): Promise<OpenedSession> {
  await tx.query(FORGET, [idleMs]);
  const token = newSecret();
  const { rows } = await tx.query<{ expiresAt: Date }>(
    `insert into humdrum.session (token_hash, account_id, role, created_at, seen_at, expires_at)
     select $1, $2, $3, now, now, now + $4::float8 * interval '1 millisecond' from humdrum.clock() as now
     returning expires_at as "expiresAt"`,
    [
      hashOf(token),
      'accountId' in entrant ? entrant.accountId : null,
      'role' in entrant ? entrant.role : null,
      lifeMs,
    ],
  );
  await record(tx, 'admitted', `by ${how.by}`, { actor: how.actor });
  return { token, expiresAt: (rows[0] as OpenedSession).expiresAt };
}

/** Null if the session does not exist or has ended. The role is the account's current one. */
export async function sessionOf(
  db: Queryable,
  token: string,
  { idleMs = IDLE_MS }: SessionTimes = {},
): Promise<Session | null> {
  const hash = hashOf(token);
  const { rows } = await db.query<Session & { stale: boolean }>(
    `select coalesce('user:' || account.name, 'login-link') as name, coalesce(account.role, session.role) as role,
       session.account_id as "accountId", expires_at as "expiresAt", seen_at < now - interval '1 minute' as stale
     from humdrum.clock() as now, humdrum.session left join humdrum.account on account.id = session.account_id
     where token_hash = $1 and expires_at > now and seen_at > now - $2::float8 * interval '1 millisecond'
       and account.disabled_at is null`,
    [hash, idleMs],
  );
  const [row] = rows;
  if (!row) return null;
  const { stale, ...session } = row;
  if (stale) {
    await db.query(
      `update humdrum.session set seen_at = humdrum.clock()
       where token_hash = $1 and seen_at < humdrum.clock() - interval '1 minute'`,
      [hash],
    );
  }
  return session;
}

export async function endSession(tx: Queryable, token: string): Promise<void> {
  await tx.query('delete from humdrum.session where token_hash = $1', [hashOf(token)]);
}

/** Ends all sessions of an account. Returns how many. */
export async function endSessionsOf(tx: Queryable, accountId: number): Promise<number> {
  const { rows } = await tx.query(
    'delete from humdrum.session where account_id = $1 returning account_id',
    [accountId],
  );
  return rows.length;
}
