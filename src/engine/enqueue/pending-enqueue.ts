import type { Enqueued } from '../job/request.ts';
import type { NewWork } from '../ports/runtime.ts';
import type { JobRow } from '../transitions/insert.ts';

/** One caller's checked jobs, which fit one statement. */
export interface PendingEnqueue {
  rows: readonly JobRow[];
  actor: string;
  work: NewWork;
  resolve: (enqueued: Enqueued[]) => void;
  reject: (error: unknown) => void;
}
