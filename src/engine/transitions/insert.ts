import type { Queryable } from '../../database/database.ts';
import type { CheckedJob, EnqueuedBy, NewJob } from '../job/new-job.ts';
import type { Enqueued } from '../job/request.ts';
import { insertSql } from './insert-sql.ts';
import { columnOf } from './row-columns.ts';

/** Keeps a statement's arrays quick to build and to plan. */
export const MAX_INSERT = 5_000;

/** A checked job, ready to be inserted. */
export interface JobRow extends CheckedJob {
  parentId: number | null;
  /** Of a debounced job: how long it waits, and since when its key has been waiting. */
  putOff?: { delayMs: number; since: string };
}

/** The columns of a job: name, SQL type, value. */
export const COLUMNS: readonly [string, string, (row: JobRow) => unknown][] = [
  ['type', 'text', ({ job }) => job.type.type],
  ['version', 'smallint', ({ job }) => job.type.version],
  ['queue', 'text', ({ job }) => job.type.queue],
  ['priority', 'smallint', ({ job }) => job.priority ?? job.type.priority],
  ['max_attempts', 'smallint', ({ job }) => job.type.retry.attempts],
  ['input', 'json', ({ input }) => input],
  ['run_at', 'timestamptz', ({ job }) => job.runAt?.toISOString() ?? null],
  ['due_at', 'timestamptz', ({ job }) => job.dueAt?.toISOString() ?? null],
  ['delay_ms', 'float8', ({ job, putOff: put }) => put?.delayMs ?? job.delayMs ?? null],
  ['schedule', 'text', ({ job }) => job.schedule ?? null],
  ['seed', 'text', ({ job }) => job.seed ?? null],
  ['start_by', 'timestamptz', ({ job }) => job.startBy?.toISOString() ?? null],
  ['start_within_ms', 'float8', ({ job }) => job.type.startWithinMs],
  ['unique_key', 'text', ({ unique, debounce: put }) => unique?.key ?? put?.key ?? null],
  ['unique_ms', 'float8', ({ unique }) => unique?.forMs ?? null],
  ['put_off_since', 'timestamptz', ({ putOff: put }) => put?.since ?? null],
  [
    'gates',
    'text',
    ({ gates }) => (gates.length > 0 ? arrayLiteral(gates.map((g) => g.name)) : null),
  ],
  [
    'weights',
    'text',
    ({ gates }) => (gates.length > 0 ? `{${gates.map((g) => g.weight).join()}}` : null),
  ],
  ['parent_id', 'bigint', ({ parentId }) => parentId],
  ['on_child_failure', 'text', ({ job }) => familyOf(job)?.onFailure ?? null],
  ['children_ms', 'float8', ({ job }) => familyOf(job)?.withinMs ?? null],
  ['trace', 'text', ({ job }) => job.trace ?? null],
];

const familyOf = ({ children }: NewJob): NewJob['children'] =>
  children && children.jobs.length > 0 ? children : undefined;

function arrayLiteral(items: readonly string[]): string {
  return `{${items.map((item) => `"${item.replace(/["\\]/g, '\\$&')}"`).join()}}`;
}

interface InsertOptions extends Pick<EnqueuedBy, 'actor' | 'reason'> {
  /** Notified with the commit. Null sends no notification. */
  payload?: string | null;
  /** How long to wait for a unique key that another transaction holds. Null: as long as the role's settings allow. */
  patienceMs?: number | null;
}

/** Persists at most `MAX_INSERT` jobs in one statement. */
export async function insertJobs(
  db: Queryable,
  rows: readonly JobRow[],
  { actor, reason = null, payload = null, patienceMs = null }: InsertOptions,
): Promise<Enqueued[]> {
  const columns = COLUMNS.map(([name, type, of]) =>
    columnOf(name, type, rows.map(of), name === 'input'),
  );
  const values = columns.filter(({ isSet }) => isSet).map(({ sent }) => sent);
  const { rows: inserted } = await db.query<{ id: number | string; created: boolean }>(
    insertSql(columns, { notifies: payload !== null, patienceMs }),
    [actor, reason, ...values, ...(payload === null ? [] : [payload])],
  );
  // The caller's own connection may return bigint as a string.
  return inserted.map(({ id, created }) => ({ id: Number(id), created }));
}
