import type { Queryable } from '../../database/database.ts';
import { HumdrumError } from '../../errors.ts';
import type { EnqueuedBy, NewJob, EnqueueSettings } from '../job/new-job.ts';
import type { Enqueued } from '../job/request.ts';
import { MAX_INSERT, insertJobs, type JobRow } from '../transitions/insert.ts';
import { checkRequest } from './check-request.ts';
import { debounce } from './debounce.ts';

const MAX_FAMILY_DEPTH = 10;

/** Whether `enqueue` persists these jobs in one statement, and so needs no transaction. */
export function isOneStatement(jobs: readonly NewJob[]): boolean {
  return (
    jobs.length <= MAX_INSERT &&
    jobs.every(({ children, debounce: key, type }) => !children && !key && !type.debounces)
  );
}

/**
 * Persists jobs, in order. `db` must be a transaction unless `isOneStatement`, or if the jobs must commit with other writes.
 * Errors: `input-invalid`, `not-serializable`, `limit-unknown`.
 */
export async function enqueue(
  db: Queryable,
  jobs: readonly NewJob[],
  by: EnqueuedBy,
): Promise<Enqueued[]> {
  return persist(db, await checkRequests(jobs, by), by, 1);
}

/** Errors: `input-invalid`, `not-serializable`, `limit-unknown`. */
export async function checkRequests(
  jobs: readonly NewJob[],
  by: EnqueueSettings,
): Promise<JobRow[]> {
  return Promise.all(
    jobs.map(async (job) => ({ ...(await checkRequest(job, by)), parentId: null })),
  );
}

async function persist(
  db: Queryable,
  rows: readonly JobRow[],
  by: EnqueuedBy,
  depth: number,
): Promise<Enqueued[]> {
  const enqueued: Enqueued[] = [];
  for (let from = 0; from < rows.length; from += MAX_INSERT) {
    const chunk = rows.slice(from, from + MAX_INSERT);
    const ready = chunk.some((row) => row.debounce) ? await debounceRows(db, chunk, by) : chunk;
    enqueued.push(...(await insertJobs(db, ready, by)));
  }
  const children = await childRowsOf(rows, enqueued, by);
  if (children.length > 0) {
    if (depth === MAX_FAMILY_DEPTH) {
      throw new HumdrumError(
        'input-invalid',
        `Children can be nested at most ${MAX_FAMILY_DEPTH} deep.`,
      );
    }
    await persist(db, children, by, depth + 1);
  }
  return enqueued;
}

async function childRowsOf(
  rows: readonly JobRow[],
  enqueued: readonly Enqueued[],
  by: EnqueuedBy,
): Promise<JobRow[]> {
  const families = rows.map(async ({ job: { children } }, at) => {
    const parent = enqueued[at];
    if (!children || !parent?.created) return [];
    return Promise.all(
      children.jobs.map(async (job) => ({ ...(await checkRequest(job, by)), parentId: parent.id })),
    );
  });
  return (await Promise.all(families)).flat();
}

/** Takes the keys one after another, so that the second of two jobs with the same key replaces the first. */
async function debounceRows(
  db: Queryable,
  rows: readonly JobRow[],
  { actor }: EnqueuedBy,
): Promise<JobRow[]> {
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
