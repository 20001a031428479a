import type { Queryable } from '../database/database.ts';
import type { AuditEventName } from '../engine/job/lifecycle.ts';

/** Who does something, and why: both stand in the audit. */
export interface By {
  readonly actor: string;
  readonly reason?: string | null | undefined;
}

/** Writes what was done about access to the audit, in the transaction in which it was done. */
export async function record(
  tx: Queryable,
  event: AuditEventName & ('granted' | 'revoked' | 'admitted'),
  what: string,
  { actor, reason }: By,
): Promise<void> {
  await tx.query(
    'insert into humdrum.audit (at, event, actor, reason) values (humdrum.clock(), $1, $2, $3)',
    [event, actor, reason ? `${what}: ${reason}` : what],
  );
}
