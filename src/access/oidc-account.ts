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
 * Opens a session for somebody whom a provider knows, by their id there and never by their name. Makes their account at the
 * first time, and gives it the role that they have there now.
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
      `${name} is known to ${issuer}, and none of their groups has a role here.`,
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

/** Of two logins at once, one makes it. */
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
      `There is an account "${name}" already, and it is not yours: an admin gives one of you another name.`,
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
