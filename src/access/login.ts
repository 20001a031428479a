import type { Database, Queryable, Transaction } from '../database/database.ts';
import { HumdrumError } from '../errors.ts';
import { nameFrom } from './name.ts';
import { hashPassword, nobodys, verifyPassword } from './password.ts';
import {
  endSession,
  openSession,
  type Entrant,
  type OpenedSession,
  type SessionTimes,
} from './session.ts';
import { countAttempt, forgiveAttempt } from './throttle.ts';

/** Where somebody comes from. */
export interface From {
  address: string;
  /** The session that their browser has had so far: it ends. */
  token?: string | null | undefined;
}

interface Known {
  id: number;
  password: string | null;
}

/** An account, and its password as it is stored, and as it should be. */
interface Proven extends Known {
  name: string;
  upgraded: string | null;
}

/**
 * Opens a session for whoever knows the password. Who does not exist, has no password or is disabled is answered as a wrong
 * password is, after the same work. Errors: `unauthenticated`, `too-many-attempts`.
 */
export async function logIn(
  db: Database,
  given: { name: string; password: string },
  from: From,
  times?: SessionTimes,
): Promise<OpenedSession> {
  const known = await prove(db, given, from.address);
  return db.transaction(async (tx) => {
    if (!(await keepPassword(tx, known))) throw wrong();
    await forgiveAttempt(tx, { account: known.name, address: from.address });
    return admit(tx, { accountId: known.id }, `user:${known.name}`, 'password', from, times);
  });
}

/** Whose name and password these are. Counts as a failed attempt until that is forgiven. Errors: as `logIn`. */
export async function prove(
  db: Database,
  given: { name: string; password: string },
  address: string,
): Promise<Proven> {
  const name = nameFrom(given.name);
  await countAttempt(db, { account: name, address });
  const known = await accountNamed(db, name);
  const verdict = await verifyPassword(given.password, known?.password ?? nobodys());
  if (!known || verdict === 'wrong') throw wrong();
  const upgraded = verdict === 'outdated' ? await hashPassword(given.password) : known.password;
  return { ...known, name, upgraded };
}

/** In the place of the session that they have had so far: a token that somebody planted, or saw, is worth nothing after. */
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

/** As the audit names them: `user:ada from 203.0.113.7`. */
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

/** False where it was changed, or the account disabled, while this one was looked at. */
async function keepPassword(tx: Queryable, { id, password, upgraded }: Proven): Promise<boolean> {
  const { rows } = await tx.query(
    `update humdrum.account set password = $3 where id = $1 and password = $2 and disabled_at is null
     returning id`,
    [id, password, upgraded],
  );
  return rows.length > 0;
}

function wrong(): HumdrumError {
  return new HumdrumError('unauthenticated', 'There is no such name with this password.');
}
