import type { Queryable } from '../../src/database/database.ts';

/** What the audit says about access, in order. */
export async function eventsOf(
  db: Queryable,
): Promise<{ event: string; actor: string; reason: string }[]> {
  const { rows } = await db.query<{ event: string; actor: string; reason: string }>(
    `select event, actor, reason from humdrum.audit
     where event in ('granted', 'revoked', 'admitted') order by id`,
  );
  return rows;
}
