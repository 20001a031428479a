import type { Database } from '../database/database.ts';
import { HumdrumError } from '../errors.ts';
import { setPassword } from './account.ts';
import { admit, prove, type From } from './login.ts';
import { checkPassword } from './password.ts';
import type { OpenedSession, SessionTimes } from './session.ts';
import { forgiveAttempt } from './throttle.ts';

export interface OwnPassword {
  /** Null for a session without an account. */
  accountId: number | null;
  actor: string;
  current: string;
  password: string;
}

/**
 * Changes a password, given the current one. Ends all sessions of the account and opens a new one.
 * Errors: `unauthenticated`, `too-many-attempts`, `action-refused`, `input-invalid`.
 */
export async function changeOwnPassword(
  db: Database,
  { accountId, actor, current, password }: OwnPassword,
  from: From,
  times?: SessionTimes,
): Promise<OpenedSession> {
  checkPassword(password);
  const { rows } = await db.query<{ name: string }>(
    'select name from humdrum.account where id = $1 and password is not null',
    [accountId],
  );
  const [account] = rows;
  if (!account) {
    throw new HumdrumError(
      'action-refused',
      'This login has no password to change. Only accounts with a password have one.',
    );
  }
  const { name } = account;
  const { id } = await prove(db, { name, password: current }, from.address);
  await setPassword(db, name, password, { actor, reason: 'their own' });
  return db.transaction(async (tx) => {
    await forgiveAttempt(tx, { account: name, address: from.address });
    return admit(tx, { accountId: id }, `user:${name}`, 'their new password', from, times);
  });
}
