import type { Queryable } from '../database/database.ts';
import { HumdrumError } from '../errors.ts';
import { debounce } from './debounce.ts';
import { signature } from './job-type.ts';
import { checked, type CheckedJob, type NewJob, type Persisting } from './new-job.ts';

/** Who asks, and why. `actor` null: the schedule of each job. */
export interface Asker extends Persisting {
  actor: string | null;
  reason?: string | null;
}

export interface Enqueued {
  id: number;
  /** False: a job with this unique key was there already, and this is its id. */
  created: boolean;
}

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
  const rows = await Promise.all(
    jobs.map(async (job): Promise<Row> => ({ ...(await checked(job, by)), parentId: null })),
  );
  return persist(db, rows, by, 1);
}

async function persist(
  db: Queryable,
  rows: readonly Row[],
  by: Asker,
  depth: number,
): Promise<Enqueued[]> {
  const enqueued: Enqueued[] = [];
  for (let from = 0; from < rows.length; from += ENQUEUE_CHUNK) {
    const chunk = rows.slice(from, from + ENQUEUE_CHUNK);
    const ready = chunk.some((row) => row.debounce) ? await putOff(db, chunk, by) : chunk;
    enqueued.push(...(await insert(db, ready, by)));
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
  rows: readonly Row[],
  enqueued: readonly Enqueued[],
  by: Asker,
): Promise<Row[]> {
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
async function putOff(db: Queryable, rows: readonly Row[], { actor }: Asker): Promise<Row[]> {
  const ready: Row[] = [];
  for (const row of rows) {
    if (!row.debounce) ready.push(row);
    else {
      const by = actor ?? `schedule:${row.job.schedule}`;
      ready.push({ ...row, ...(await debounce(db, row.job.type.type, row.debounce, by)) });
    }
  }
  return ready;
}

interface Row extends CheckedJob {
  parentId: number | null;
  /** Of a debounced job: how long it waits, and since when it and those before it have. */
  putOff?: { delayMs: number; since: string };
}

/** What a job may have. What none of a chunk has is not sent: most have no more than type, queue and input. */
const COLUMNS: readonly [string, string, (row: Row) => unknown][] = [
  ['type', 'text', ({ job }) => job.type.type],
  ['signature', 'text', ({ job }) => signature(job.type.type, job.type.version)],
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
];

const familyOf = ({ children }: NewJob): NewJob['children'] =>
  children && children.jobs.length > 0 ? children : undefined;

function arrayLiteral(items: readonly string[]): string {
  return `{${items.map((item) => `"${item.replace(/["\\]/g, '\\$&')}"`).join()}}`;
}

async function insert(db: Queryable, rows: readonly Row[], by: Asker): Promise<Enqueued[]> {
  const columns = COLUMNS.map(([name, type, of]) => ({ name, type, values: rows.map(of) }));
  const used = columns.filter(({ values }) => values.some((value) => value !== null));
  const unused = columns.filter((column) => !used.includes(column));
  const has = (name: string): boolean => used.some((column) => column.name === name);
  const { rows: inserted } = await db.query<{ id: number | string; created: boolean }>(
    insertSql(used, unused, has),
    [by.actor, by.reason ?? null, ...used.map(({ values }) => values)],
  );
  // A caller's own connection may read bigint as a string.
  return inserted.map(({ id, created }) => ({ id: Number(id), created }));
}

interface Column {
  name: string;
  type: string;
}

function insertSql(
  used: readonly Column[],
  unused: readonly Column[],
  has: (name: string) => boolean,
): string {
  const names = used.map(({ name }) => name).join(', ');
  const arrays = used.map(({ type }, at) => `$${at + 3}::${type}[]`).join(', ');
  const nulls = unused.map(({ name, type }) => `null::${type} as ${name}`).join(', ');
  return `
with clock as materialized (select humdrum.clock() as now),
given as materialized (
  select nextval('humdrum.job_id') as id, now, ordinality, ${names}${nulls ? `, ${nulls}` : ''}
  from clock, unnest(${arrays}) with ordinality as given (${names}, ordinality)
),
${has('unique_key') ? UNIQUE : 'fresh as materialized (select *, id as kept_id from given)'},
timed as materialized (
  select *, coalesce(run_at, now + delay_ms * interval '1 millisecond', now) as as_of,
    coalesce(due_at, run_at, now + coalesce(delay_ms, children_ms, 0) * interval '1 millisecond') as due
  from fresh where kept_id = id
),
placed as materialized (
  select *, coalesce(start_by, now + start_within_ms * interval '1 millisecond') as starts_by,
    gates::text[] as passes, weights::smallint[] as takes,
    least(extract(epoch from greatest(due, now)) - 1577836800 + 60 * priority, 2000000000)::integer as rank
  from timed
),
job as (
  insert into humdrum.job (id, created_at, run_at, rank, priority, max_attempts, version, type, queue, input, schedule, seed,
    start_by, unique_key, gates, weights, parent_id, on_child_failure)
  select id, now, as_of, rank, priority, max_attempts, version, type, queue, input, schedule, seed,
    starts_by, case when unique_ms is null then unique_key end, passes, takes, parent_id, on_child_failure from placed
),
ready as (
  insert into humdrum.ready (job_id, rank, attempt, queue, type, start_by)
  select id, rank, 1, queue, signature, starts_by from placed where due <= now and gates is null
),
later as (
  insert into humdrum.later (job_id, run_at, rank, attempt, queue, type, start_by, gate, awaiting)
  select id, due, rank, 1, queue, signature, starts_by, passes[1], children_ms is not null from placed where due > now
),${has('gates') ? PARKED : ''}${has('parent_id') ? AWAITED : ''}
audit as (
  insert into humdrum.audit (at, job_id, event, actor, reason)
  select now, id, 'created', coalesce($1, 'schedule:' || schedule), $2 from placed
)
select kept_id as id, kept_id = id as created from fresh order by ordinality`;
}

const PARKED = `
parked as (
  insert into humdrum.parked (job_id, gate, rank, attempt, weight, queue, type, start_by)
  select id, passes[1], rank, 1, takes[1], queue, signature, starts_by from placed where due <= now and gates is not null
  returning gate
),
call as (
  insert into humdrum.wake_call (gate) select distinct gate from parked
),`;

const AWAITED = `
awaited as (
  insert into humdrum.awaited (job_id, parent_id) select id, parent_id from placed where parent_id is not null
),`;

// In the order of keys, so that two who want the same ones do not wait for each other. Of one statement the first has the
// key, and the last where they are debounced. A key that is held only for a time
// is taken over when that has passed, and a job that others were put off for has its key already.
const UNIQUE = `
wanted as (
  select distinct on (type, unique_key) type, unique_key, id, now, put_off_since,
    now + unique_ms * interval '1 millisecond' as until
  from given where unique_key is not null
  order by type, unique_key, case when put_off_since is null then ordinality else -ordinality end
),
held as (
  insert into humdrum.unique_key as held (type, key, job_id, since, until)
  select type, unique_key, id, coalesce(put_off_since, now), until from wanted order by type, unique_key
  on conflict (type, key) do update set
    job_id = case when held.job_id = 0 or held.until <= humdrum.clock() then excluded.job_id else held.job_id end,
    since = case when held.job_id = 0 or held.until <= humdrum.clock() then excluded.since else held.since end,
    until = case when held.job_id = 0 or held.until <= humdrum.clock() then excluded.until else held.until end
  returning type, key, job_id
),
fresh as materialized (
  select given.*, coalesce(held.job_id, given.id) as kept_id
  from given left join held on (held.type, held.key) = (given.type, given.unique_key)
)`;
