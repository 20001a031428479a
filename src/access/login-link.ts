import type { Database, Queryable } from '../database/database.ts';
import { HumdrumError } from '../errors.ts';
import { admit, type From } from './login.ts';
import { hashOf, newSecret } from './secret.ts';
import type { OpenedSession, SessionTimes } from './session.ts';

const LIFE = '1 hour';

/** Returns a token that logs in as an admin, once, within an hour. Creating one requires access to the database. */
export async function makeLoginLink(db: Database): Promise<string> {
  const token = newSecret();
  await db.transaction(async (tx) => {
    await tx.query('delete from humdrum.login_link where expires_at <= humdrum.clock()');
    await tx.query(
      `insert into humdrum.login_link (token_hash, expires_at) values ($1, humdrum.clock() + interval '${LIFE}')`,
      [hashOf(token)],
    );
  });
  return token;
}

/** Errors: `unauthenticated`. */
export async function followLoginLink(
  db: Database,
  token: string,
  from: From,
  times?: SessionTimes,
): Promise<OpenedSession> {
  return db.transaction(async (tx) => {
    if (!(await take(tx, token))) {
      throw new HumdrumError(
        'unauthenticated',
        'This login link has been used or has expired. Restart humdrum to get a new one.',
      );
    }
    return admit(tx, { role: 'admin' }, 'login-link', 'the login link', from, times);
  });
}

/** Deletes the token and checks it in one statement, so that two requests cannot both use it. */
async function take(tx: Queryable, token: string): Promise<boolean> {
  const { rows } = await tx.query<{ good: boolean }>(
    'delete from humdrum.login_link where token_hash = $1 returning expires_at > humdrum.clock() as good',
    [hashOf(token)],
  );
  return rows[0]?.good ?? false;
}
