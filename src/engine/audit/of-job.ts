import type { Queryable } from '../../database/database.ts';
import type { AuditRow } from './entry.ts';

/** The audit of one job, in order. */
export async function auditOf(db: Queryable, jobId: number): Promise<AuditRow[]> {
  const { rows } = await db.query<AuditRow>(
    'select id, at, event, attempt, actor, reason from humdrum.audit where job_id = $1 order by id',
    [jobId],
  );
  return rows;
}
