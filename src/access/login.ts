import type { Database, Queryable, Transaction } from '../database/database.ts';
import { HumdrumError } from '../errors.ts';
import { nameFrom } from './name.ts';
import { hashPassword, unmatchableHash, verifyPassword } from './password.ts';
import {
  endSession,
  openSession,
  type Entrant,
  type OpenedSession,
  type SessionTimes,
} from './session.ts';
import { countAttempt, forgiveAttempt } from './throttle.ts';

/** The client of a login request. */
export interface From {
  address: string;
  /** The token of the browser's current session, which the login ends. */
  token?: string | null | undefined;
}

interface Known {
  id: number;
  password: string | null;
}

/** An account whose password was verified. `upgraded` is the hash to store: `password`, or a new hash if that is outdated. */
interface Proven extends Known {
  name: string;
  upgraded: string | null;
}

/**
 * Checks a name and password and opens a session. An account that does not exist, has no password or is disabled gets the
 * same error as a wrong password, after the same work. Errors: `unauthenticated`, `too-many-attempts`.
 */
export async function logIn(
  db: Database,
  credentials: { name: string; password: string },
  from: From,
  times?: SessionTimes,
): Promise<OpenedSession> {
  const known = await prove(db, credentials, from.address);
  return db.transaction(async (tx) => {
    if (!(await keepPassword(tx, known))) throw wrong();
    await forgiveAttempt(tx, { account: known.name, address: from.address });
    return admit(tx, { accountId: known.id }, `user:${known.name}`, 'password', from, times);
  });
}

/** Verifies a name and password. Counts as a failed attempt until `forgiveAttempt` is called. Errors: as `logIn`. */
export async function prove(
  db: Database,
  credentials: { name: string; password: string },
  address: string,
): Promise<Proven> {
  const name = nameFrom(credentials.name);
  await countAttempt(db, { account: name, address });
  const known = await accountNamed(db, name);
  const verdict = await verifyPassword(credentials.password, known?.password ?? unmatchableHash());
  if (!known || verdict === 'wrong') throw wrong();
  const upgraded =
    verdict === 'outdated' ? await hashPassword(credentials.password) : known.password;
  return { ...known, name, upgraded };
}

/** Replaces the current session with a new one, so that a token that was planted or leaked before the login is useless. */
export async function admit(
  tx: Transaction,
  entrant: Entrant,
  name: string,
  how: string,
  { address, token }: From,
  times?: SessionTimes,
): Promise<OpenedSession> {
  if (token) await endSession(tx, token);
  return openSession(tx, entrant, { actor: actorFrom(name, address), by: how }, times);
}

/** The actor in the audit log: `user:ada from 203.0.113.7`. */
export function actorFrom(name: string, address: string): string {
  return `${name} from ${address}`;
}

async function accountNamed(db: Queryable, name: string): Promise<Known | undefined> {
  const { rows } = await db.query<Known>(
    'select id, password from humdrum.account where name = $1 and disabled_at is null',
    [name],
  );
  return rows[0];
}

/** Stores the upgraded hash. False if the password changed or the account was disabled since it was read. */
async function keepPassword(tx: Queryable, { id, password, upgraded }: Proven): Promise<boolean> {
  const { rows } = await tx.query(
    `update humdrum.account set password = $3 where id = $1 and password = $2 and disabled_at is null
     returning id`,
    [id, password, upgraded],
  );
  return rows.length > 0;
}

function wrong(): HumdrumError {
  return new HumdrumError('unauthenticated', 'Wrong name or password.');
}
