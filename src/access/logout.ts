import type { Database } from '../database/database.ts';
import { record, type By } from './record.ts';
import { endSession, endSessionsOf } from './session.ts';

/** Ends all sessions of the account, or only this one if there is no account. Returns the number of sessions ended. */
export async function logOut(
  db: Database,
  { token, accountId }: { token: string; accountId: number | null },
  by: By,
): Promise<number> {
  return db.transaction(async (tx) => {
    if (accountId === null) {
      await endSession(tx, token);
      await record(tx, 'revoked', 'this session', by);
      return 1;
    }
    const ended = await endSessionsOf(tx, accountId);
    await record(tx, 'revoked', 'all sessions of this account', by);
    return ended;
  });
}
