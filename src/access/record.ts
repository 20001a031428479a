import type { Queryable } from '../database/database.ts';
import type { AuditEventName } from '../engine/job/lifecycle.ts';

/** The actor and reason of an action, as recorded in the audit log. */
export interface By {
  readonly actor: string;
  readonly reason?: string | null | undefined;
}

/** Adds an access event to the audit log, in the transaction of the action. */
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
