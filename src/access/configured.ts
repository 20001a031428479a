import type { Queryable } from '../database/database.ts';

/** Whether an active key, or an enabled account with a password, exists. */
export async function hasCredentials(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ any: boolean }>(
    `select exists (
         select from humdrum.api_key where revoked_at is null and (expires_at is null or expires_at > humdrum.clock())
       ) or exists (
         select from humdrum.account where password is not null and disabled_at is null
       ) as any`,
  );
  return rows[0]?.any ?? false;
}
