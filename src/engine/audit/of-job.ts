import type { Queryable } from '../../database/database.ts';
import type { AuditEventName } from '../job/lifecycle.ts';

export interface AuditRow {
  id: number;
  at: Date;
  event: AuditEventName;
  attempt: number | null;
  /** `worker:7`, `schedule`, `cli:ada`, `http:127.0.0.1` … */
  actor: string;
  reason: string | null;
}

/** Everything that was done to a job, in order. */
export async function auditOf(db: Queryable, jobId: number): Promise<AuditRow[]> {
  const { rows } = await db.query<AuditRow>(
    'select id, at, event, attempt, actor, reason from humdrum.audit where job_id = $1 order by id',
    [jobId],
  );
  return rows;
}
