import type { Queryable } from '../database/database.ts';
import { HumdrumError } from '../errors.ts';
import { columnOf } from './columns.ts';
import { debounce } from './debounce.ts';
import { insertSql } from './enqueue-sql.ts';
import { checked } from './enqueue/check-request.ts';
import type { Asker, CheckedJob, NewJob, Persisting } from './job/new-job.ts';
import type { Enqueued } from './job/request.ts';

/** A statement's arrays stay small enough to build and to plan in a blink. */
export const ENQUEUE_CHUNK = 5_000;
const DEEPEST_FAMILY = 10;

/** Whether `enqueue` needs more than one statement, and so a transaction. */
export function isOneStatement(jobs: readonly NewJob[]): boolean {
  return (
    jobs.length <= ENQUEUE_CHUNK &&
    jobs.every(({ children, debounce: put, type }) => !children && !put && !type.debounces)
  );
}

/**
 * Persists jobs, in order. Give it an open transaction where `isOneStatement` says so, or where the jobs belong to other
 * writes. Errors: `input-invalid`, `not-serializable`, `limit-unknown`.
 */
export async function enqueue(
  db: Queryable,
  jobs: readonly NewJob[],
  by: Asker,
): Promise<Enqueued[]> {
  return persist(db, await checkAll(jobs, by), by, 1);
}

/** Errors: `input-invalid`, `not-serializable`, `limit-unknown`. */
export async function checkAll(jobs: readonly NewJob[], by: Persisting): Promise<JobRow[]> {
  return Promise.all(jobs.map(async (job) => ({ ...(await checked(job, by)), parentId: null })));
}

async function persist(
  db: Queryable,
  rows: readonly JobRow[],
  by: Asker,
  depth: number,
): Promise<Enqueued[]> {
  const enqueued: Enqueued[] = [];
  for (let from = 0; from < rows.length; from += ENQUEUE_CHUNK) {
    const chunk = rows.slice(from, from + ENQUEUE_CHUNK);
    const ready = chunk.some((row) => row.debounce) ? await putOff(db, chunk, by) : chunk;
    enqueued.push(...(await insertJobs(db, ready, by)));
  }
  const children = await childrenOf(rows, enqueued, by);
  if (children.length > 0) {
    if (depth === DEEPEST_FAMILY) {
      throw new HumdrumError('input-invalid', `Children can be ${DEEPEST_FAMILY} deep at most.`);
    }
    await persist(db, children, by, depth + 1);
  }
  return enqueued;
}

async function childrenOf(
  rows: readonly JobRow[],
  enqueued: readonly Enqueued[],
  by: Asker,
): Promise<JobRow[]> {
  const families = rows.map(async ({ job: { children } }, at) => {
    const parent = enqueued[at];
    if (!children || !parent?.created) return [];
    return Promise.all(
      children.jobs.map(async (job) => ({ ...(await checked(job, by)), parentId: parent.id })),
    );
  });
  return (await Promise.all(families)).flat();
}

/** One after another: of two that follow each other at once, the second takes the place of the first. */
async function putOff(db: Queryable, rows: readonly JobRow[], { actor }: Asker): Promise<JobRow[]> {
  const ready: JobRow[] = [];
  for (const row of rows) {
    if (!row.debounce) ready.push(row);
    else {
      const by = actor ?? `schedule:${row.job.schedule}`;
      ready.push({ ...row, ...(await debounce(db, row.job.type.type, row.debounce, by)) });
    }
  }
  return ready;
}

/** A checked job on its way into the table. */
export interface JobRow extends CheckedJob {
  parentId: number | null;
  /** Of a debounced job: how long it waits, and since when it and those before it have. */
  putOff?: { delayMs: number; since: string };
}

/** What a job may have. */
const COLUMNS: readonly [string, string, (row: JobRow) => unknown][] = [
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

/** Persists at most `ENQUEUE_CHUNK` jobs that need no other statement. `news`: what is announced with the commit. */
export async function insertJobs(
  db: Queryable,
  rows: readonly JobRow[],
  { actor, reason = null, news = null }: Pick<Asker, 'actor' | 'reason'> & { news?: string | null },
): Promise<Enqueued[]> {
  const columns = COLUMNS.map(([name, type, of]) =>
    columnOf(name, type, rows.map(of), name === 'input'),
  );
  const given = columns.filter((column) => column.given).map(({ sent }) => sent);
  const { rows: inserted } = await db.query<{ id: number | string; created: boolean }>(
    insertSql(columns, news !== null),
    [actor, reason, ...given, ...(news === null ? [] : [news])],
  );
  // A caller's own connection may read bigint as a string.
  return inserted.map(({ id, created }) => ({ id: Number(id), created }));
}
