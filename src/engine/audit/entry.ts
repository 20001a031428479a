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

export type AuditEntry = AuditRow & { jobId: number | null };

/** SQL of the columns of an `AuditEntry`. */
export const ENTRY_COLUMNS = 'id, at, job_id as "jobId", attempt, event, actor, reason';
