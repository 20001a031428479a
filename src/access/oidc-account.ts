import type { Database, Transaction } from '../database/database.ts';
import { HumdrumError } from '../errors.ts';
import { admit, type From } from './login.ts';
import { nameFrom } from './name.ts';
import type { Person } from './oidc.ts';
import { record } from './record.ts';
import type { Role } from './role.ts';
import { endSessionsOf, type OpenedSession, type SessionTimes } from './session.ts';

interface Known {
  id: number;
  name: string;
  role: Role;
  disabled: boolean;
}

/**
 * Opens a session for a person whom an OpenID Connect provider authenticated. The account is matched by their subject at the
 * provider, never by name. It is created at the first login, and its role is updated at each.
 * Errors: `unauthenticated`, `role-insufficient`, `name-taken`.
 */
export async function admitPerson(
  db: Database,
  person: Person,
  from: From,
  times?: SessionTimes,
): Promise<OpenedSession> {
  const { issuer, role } = person;
  const name = nameFrom(person.name);
  if (role === null) {
    throw new HumdrumError(
      'role-insufficient',
      `${issuer} authenticated ${name}, but none of their groups has a role here. Ask an admin to map one to a role.`,
    );
  }
  return db.transaction(async (tx) => {
    const account = await accountOf(tx, { ...person, name, role });
    if (account.disabled) {
      throw new HumdrumError('unauthenticated', `The account ${account.name} is disabled.`);
    }
    if (account.role !== role) await changeRole(tx, account, { ...person, role });
    const entrant = { accountId: account.id };
    return admit(tx, entrant, `user:${account.name}`, issuer, from, times);
  });
}

/** Creates the account if it is missing. Concurrent first logins create it once. */
async function accountOf(tx: Transaction, person: Person & { role: Role }): Promise<Known> {
  const { issuer, subject, name, role } = person;
  const { rows: made } = await tx.query(
    `insert into humdrum.account (name, role, issuer, subject, created_at) values ($1, $2, $3, $4, humdrum.clock())
     on conflict do nothing returning id`,
    [name, role, issuer, subject],
  );
  const { rows } = await tx.query<Known>(
    `select id, name, role, disabled_at is not null as disabled from humdrum.account
     where issuer = $1 and subject = $2 for update`,
    [issuer, subject],
  );
  const [account] = rows;
  if (!account) {
    throw new HumdrumError(
      'name-taken',
      `Another account is already named "${name}". Ask an admin to rename one of the two.`,
    );
  }
  if (made.length > 0) await record(tx, 'granted', `account ${name}, ${role}`, { actor: issuer });
  return account;
}

async function changeRole(
  tx: Transaction,
  { id, name }: Known,
  { issuer, role }: { issuer: string; role: Role },
): Promise<void> {
  await tx.query('update humdrum.account set role = $2 where id = $1', [id, role]);
  await endSessionsOf(tx, id);
  await record(tx, 'granted', `account ${name}, ${role}`, { actor: issuer });
}
