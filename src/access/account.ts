import type { Database, Queryable, Transaction } from '../database/database.ts';
import { HumdrumError } from '../errors.ts';
import { nameFrom } from './name.ts';
import { checkPassword, hashPassword } from './password.ts';
import { record, type By } from './record.ts';
import type { Role } from './role.ts';
import { endSessionsOf } from './session.ts';

/** A user who can log in. */
export interface Account {
  name: string;
  role: Role;
  /** The OpenID Connect issuer, or null for an account with a password. */
  issuer: string | null;
  createdAt: Date;
  disabledAt: Date | null;
}

const COLUMNS = `name, role, issuer, created_at as "createdAt", disabled_at as "disabledAt"`;

/** Errors: `input-invalid`, `name-taken`. */
export async function addAccount(
  db: Database,
  { name: given, role, password }: { name: string; role: Role; password: string },
  by: By,
): Promise<Account> {
  const name = nameFrom(given);
  checkPassword(password);
  const hash = await hashPassword(password);
  return db.transaction(async (tx) => {
    const { rows } = await tx.query<Account>(
      `insert into humdrum.account (name, role, password, created_at) values ($1, $2, $3, humdrum.clock())
       on conflict (name) do nothing returning ${COLUMNS}`,
      [name, role, hash],
    );
    const [account] = rows;
    if (!account)
      throw new HumdrumError('name-taken', `An account named "${name}" already exists.`);
    await record(tx, 'granted', `account ${name}, ${role}`, by);
    return account;
  });
}

export async function listAccounts(db: Queryable): Promise<Account[]> {
  const { rows } = await db.query<Account>(`select ${COLUMNS} from humdrum.account order by name`);
  return rows;
}

/** Ends the account's sessions, because their role has changed. Errors: `not-found`. */
export async function setRole(db: Database, name: string, role: Role, by: By): Promise<Account> {
  return change(db, name, 'role = $2', [role], async (tx, account) => {
    await record(tx, 'granted', `account ${account.name}, ${role}`, by);
  });
}

/** Ends the account's sessions. Errors: `not-found`, `input-invalid`, `action-refused` if it logs in with OpenID Connect. */
export async function setPassword(
  db: Database,
  name: string,
  password: string,
  by: By,
): Promise<Account> {
  checkPassword(password);
  const hash = await hashPassword(password);
  return change(db, name, 'password = $2', [hash], async (tx, account) => {
    if (account.issuer !== null) throw hasNoPassword(account.issuer);
    await record(tx, 'granted', `new password of account ${account.name}`, by);
  });
}

/** Blocks further logins and ends the account's sessions. Errors: `not-found`. */
export async function disableAccount(db: Database, name: string, by: By): Promise<Account> {
  const set = 'disabled_at = coalesce(disabled_at, humdrum.clock())';
  return change(db, name, set, [], async (tx, account) => {
    await record(tx, 'revoked', `account ${account.name}`, by);
  });
}

/** Allows logins again. Errors: `not-found`. */
export async function enableAccount(db: Database, name: string, by: By): Promise<Account> {
  return change(db, name, 'disabled_at = null', [], async (tx, account) => {
    await record(tx, 'granted', `account ${account.name} again, ${account.role}`, by);
  });
}

async function change(
  db: Database,
  given: string,
  set: string,
  values: readonly string[],
  then: (tx: Transaction, account: Account) => Promise<void>,
): Promise<Account> {
  return db.transaction(async (tx) => {
    const { rows } = await tx.query<Account & { id: number }>(
      `update humdrum.account set ${set} where name = $1 returning id, ${COLUMNS}`,
      [nameFrom(given), ...values],
    );
    const [row] = rows;
    if (!row) throw new HumdrumError('not-found', `There is no account "${given}".`);
    const { id, ...account } = row;
    await endSessionsOf(tx, id);
    await then(tx, account);
    return account;
  });
}

function hasNoPassword(issuer: string): HumdrumError {
  return new HumdrumError(
    'action-refused',
    `This account logs in through ${issuer} and has no password here.`,
  );
}
