import type { Queryable } from '../database/database.ts';
import { errorMessage, HumdrumError } from '../errors.ts';
import type { JobType } from './job-type.ts';

export interface EnqueueOptions {
  /** Not before this instant, and what the handler sees as `ctx.now`. Default: now, on the database's clock. */
  runAt?: Date;
  /** Lower runs first. Default: the job type's. */
  priority?: number;
  /** Of the job's random numbers and ids. Default: made from its id. */
  seed?: string;
}

export interface NewJob extends EnqueueOptions {
  type: JobType;
  input?: unknown;
  schedule?: string;
}

/** A statement's arrays stay small enough to build and to plan in a blink. */
export const ENQUEUE_CHUNK = 5_000;
const MAX_INPUT_BYTES = 1_048_576;

/**
 * Persists jobs, in order, and answers their ids. One statement a chunk: give it an open transaction where there may
 * be more than one chunk, or where the jobs belong to other writes. Errors: `input-invalid`, `not-serializable`.
 */
export async function enqueue(
  db: Queryable,
  jobs: readonly NewJob[],
  actor: string,
): Promise<number[]> {
  const rows = await Promise.all(jobs.map(checked));
  const ids: number[] = [];
  for (let from = 0; from < rows.length; from += ENQUEUE_CHUNK) {
    ids.push(...(await insert(db, rows.slice(from, from + ENQUEUE_CHUNK), actor)));
  }
  return ids;
}

interface Row {
  job: NewJob;
  input: string;
}

async function checked(job: NewJob): Promise<Row> {
  const value = job.input ?? {};
  await job.type.parse(value);
  const input = serialize(job.type, value);
  const bytes = Buffer.byteLength(input);
  if (bytes > MAX_INPUT_BYTES) {
    throw new HumdrumError(
      'input-invalid',
      `The input of ${job.type.type} is ${bytes} bytes of JSON; ${MAX_INPUT_BYTES} is the most. Store it elsewhere and pass a reference.`,
    );
  }
  const { priority } = job;
  if (priority !== undefined && !(Number.isInteger(priority) && Math.abs(priority) <= 1_000)) {
    throw new HumdrumError(
      'input-invalid',
      `priority is a whole number from -1000 to 1000, not ${priority}.`,
    );
  }
  if (job.runAt && Number.isNaN(job.runAt.getTime())) {
    throw new HumdrumError('input-invalid', 'runAt is no valid date.');
  }
  return { job, input };
}

function serialize(type: JobType, value: unknown): string {
  try {
    const json: string | undefined = JSON.stringify(value);
    if (json !== undefined) return json;
  } catch (cause) {
    throw new HumdrumError(
      'not-serializable',
      `The input of ${type.type} cannot be stored as JSON: ${errorMessage(cause)}`,
      { cause },
    );
  }
  throw new HumdrumError(
    'not-serializable',
    `The input of ${type.type} is a ${typeof value}, which JSON has no form for.`,
  );
}

const INSERT = `
with clock as materialized (select humdrum.clock() as now),
given as materialized (
  select nextval('humdrum.job_id') as id, clock.now, coalesce(run_at, clock.now) as due,
    ordinality, type, queue, priority, max_attempts, input, schedule, seed
  from clock, unnest($1::text[], $2::text[], $3::smallint[], $4::smallint[], $5::json[], $6::timestamptz[], $7::text[], $8::text[])
    with ordinality as given (type, queue, priority, max_attempts, input, run_at, schedule, seed, ordinality)
),
job as (
  insert into humdrum.job (id, created_at, run_at, priority, max_attempts, type, queue, input, schedule, seed)
  select id, now, due, priority, max_attempts, type, queue, input, schedule, seed from given
),
ready as (
  insert into humdrum.ready (job_id, priority, attempt, queue, type)
  select id, priority, 1, queue, type from given where due <= now
),
later as (
  insert into humdrum.later (job_id, run_at, priority, attempt, queue, type)
  select id, due, priority, 1, queue, type from given where due > now
),
audit as (
  insert into humdrum.audit (at, job_id, event, actor) select now, id, 'created', $9 from given
)
select id from given order by ordinality`;

async function insert(db: Queryable, rows: readonly Row[], actor: string): Promise<number[]> {
  const column = <T>(of: (row: Row) => T): T[] => rows.map(of);
  const inserted = await db.query<{ id: number | string }>(INSERT, [
    column(({ job }) => job.type.type),
    column(({ job }) => job.type.queue),
    column(({ job }) => job.priority ?? job.type.priority),
    column(({ job }) => job.type.retry.attempts),
    column(({ input }) => input),
    column(({ job }) => job.runAt?.toISOString() ?? null),
    column(({ job }) => job.schedule ?? null),
    column(({ job }) => job.seed ?? null),
    actor,
  ]);
  return inserted.rows.map(({ id }) => Number(id)); // A caller's own connection may read bigint as a string.
}
