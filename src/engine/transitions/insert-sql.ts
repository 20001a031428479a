import { PREPARED } from '../../database/prepared.ts';
import { intoLine, intoReady, LINE_CALL, type Queued } from './make-ready.ts';
import type { Column } from './row-columns.ts';

/** 2020-01-01, in seconds since 1970. Ranks count seconds from it. */
const RANK_EPOCH = 1_577_836_800;

/** Statements by the shape of their columns. Each has thousands of characters, and a program uses only a few shapes. */
const statements = new Map<string, string>();
const MAX_STATEMENTS = 1_000;

/**
 * The statement that persists jobs. $1: the actor, $2: the reason, then the columns that are not null, and last the payload
 * of a notification if `notifies`. It has only the CTEs that these jobs need: most have no time, key, limits or parent.
 */
export function insertSql(columns: readonly Column[], options: InsertSqlOptions): string {
  const shape = columns.map(({ many, isSet }) => (many ? 'm' : isSet ? 's' : '-')).join('');
  const key = `${shape}${options.notifies}${options.patienceMs}`;
  const known = statements.get(key);
  if (known !== undefined) return known;
  if (statements.size >= MAX_STATEMENTS) statements.clear();
  const sql = buildSql(columns, options);
  statements.set(key, sql);
  return sql;
}

interface InsertSqlOptions {
  notifies: boolean;
  /** See `insertJobs`. */
  patienceMs: number | null;
}

function buildSql(columns: readonly Column[], { notifies, patienceMs }: InsertSqlOptions): string {
  const params = columns
    .filter(({ isSet }) => isSet)
    .map((column, at) => ({ ...column, at: `$${at + 3}::${column.type}` }));
  const many = params.filter((column) => column.many);
  const has = (name: string): boolean => params.some((column) => column.name === name);
  const column = (name: string): string =>
    has(name) ? name : `null::${columns.find((one) => one.name === name)?.type}`;
  const names = many.map(({ name }) => name).join(', ');
  const arrays = many.map(({ at }) => `${at}[]`).join(', ');
  const same = params.filter((one) => !one.many).map(({ name, at }) => `${at} as ${name}`);
  const timed = ['run_at', 'due_at', 'delay_ms', 'children_ms'].some(has);
  const unique = has('unique_key');
  return `${PREPARED}
with clock as materialized (
  select now, date_part('epoch', now) as now_seconds from (select humdrum.clock() as now) as read
),
${unique ? 'given' : 'fresh'} as materialized (
  select nextval('humdrum.job_id') as id, *, ${timesOf(timed, column)},
    case version when 1 then type else type || '@' || version end as signature
  from clock, (select ${same.join(', ')}) as same, unnest(${arrays}) with ordinality as given (${names}, ordinality)
),${unique ? uniqueSql(column, patienceMs) : ''}
job as (
  insert into humdrum.job (id, created_at, run_at, rank, priority, max_attempts, version, type, queue, input,
    schedule, seed, start_by, unique_key, gates, weights, parent_id, on_child_failure${has('trace') ? ', trace' : ''})
  select id, now, as_of, rank, priority, max_attempts, version, type, queue, input,
    ${column('schedule')}, ${column('seed')}, starts_by,
    case when ${column('unique_ms')} is null then ${column('unique_key')} end,
    ${column('gates')}::text[], ${column('weights')}::smallint[], ${column('parent_id')}, ${column('on_child_failure')}${has('trace') ? ', trace' : ''}
  from fresh
),${intoReady({ ...NEW, ...(timed && { where: 'due <= now' }) }, has('gates'))}${timed ? laterSql(column) : ''}${
    has('gates') ? LINED : ''
  }${has('parent_id') ? AWAITED : ''}
audit as (
  insert into humdrum.audit (at, job_id, event, actor, reason)
  select now, id, 'created', coalesce($1, 'schedule:' || ${column('schedule')}), $2 from fresh
)
${notifies ? notification(`$${params.length + 3}`) : ''}
select ${unique ? 'kept_id as id, kept_id = id as created from kept' : 'id, true as created from fresh'}${notifies ? ', notified' : ''} order by ordinality`;
}

/** When the job is due, the handler's `ctx.now`, the deadline to start, and the rank. */
function timesOf(timed: boolean, column: (name: string) => string): string {
  const after = (name: string): string => `now + ${column(name)} * interval '1 millisecond'`;
  const dueOr = (otherwise: string): string =>
    `coalesce(${column('due_at')}, ${column('run_at')}, ${after('delay_ms')}, ${otherwise})`;
  const due = dueOr(`${after('children_ms')}, now`);
  // The rank ignores `children_ms`: it is only the longest wait for children.
  const seconds = timed ? `date_part('epoch', greatest(${dueOr('now')}, now))` : 'now_seconds';
  return `
    ${timed ? `coalesce(${column('run_at')}, ${after('delay_ms')}, now)` : 'now'} as as_of, ${timed ? due : 'now'} as due,
    coalesce(${column('start_by')}, ${after('start_within_ms')}) as starts_by,
    least(${seconds} - ${RANK_EPOCH} + 60 * priority, 2000000000)::integer as rank`;
}

const laterSql = (column: (name: string) => string): string => `
later as (
  insert into humdrum.later (job_id, run_at, rank, attempt, queue, type, start_by, gate, awaiting)
  select id, due, rank, 1, queue, signature, starts_by, (${column('gates')}::text[])[1], ${column('children_ms')} is not null
  from fresh where due > now
),`;

const NEW: Queued = {
  from: 'fresh',
  columns: {
    job_id: 'id',
    attempt: '1',
    type: 'signature',
    start_by: 'starts_by',
    gate: '(gates::text[])[1]',
    weight: '(weights::smallint[])[1]',
  },
};

const LINED = `${intoLine({ ...NEW, where: 'due <= now' })}
call as (
  insert into humdrum.wake_call (gate, parent_id) ${LINE_CALL}
),`;

const AWAITED = `
awaited as (
  insert into humdrum.awaited (job_id, parent_id) select id, parent_id from fresh where parent_id is not null
),`;

// Compared with the statement's own time, the job's `created_at`, however long the statement was blocked since.
const EXPIRED = '(held.job_id = 0 or held.until <= (select now from clock))';

// In the order of keys, so that two statements that want the same keys cannot deadlock. Within a statement the first job
// gets the key; of debounced jobs, the last. A key is taken over if its time limit has expired, or if it is reserved for a
// debounced job (0).
const uniqueSql = (column: (name: string) => string, patienceMs: number | null): string => `${
  patienceMs === null
    ? ''
    : `
patience as materialized (
  select set_config('lock_timeout', '${patienceMs}ms', true) as set
),`
}
wanted as (
  select distinct on (type, unique_key) type, unique_key, id, coalesce(${column('put_off_since')}, now) as since,
    now + ${column('unique_ms')} * interval '1 millisecond' as until
  from given${patienceMs === null ? '' : ', patience'} where unique_key is not null
  order by type, unique_key, case when ${column('put_off_since')} is null then ordinality else -ordinality end
),
held as (
  insert into humdrum.unique_key as held (type, key, job_id, since, until)
  select type, unique_key, id, since, until from wanted order by type, unique_key
  on conflict (type, key) do update set
    job_id = case when ${EXPIRED} then excluded.job_id else held.job_id end,
    since = case when ${EXPIRED} then excluded.since else held.since end,
    until = case when ${EXPIRED} then excluded.until else held.until end
  returning type, key, job_id
),
kept as materialized (
  select given.*, coalesce(held.job_id, given.id) as kept_id
  from given left join held on (held.type, held.key) = (given.type, given.unique_key)
),
fresh as (select * from kept where kept_id = id),`;

/** A CTE that notifies when the statement commits. The statement must select from it: an unread CTE is not executed. */
const notification = (payload: string): string =>
  `, notified as materialized (select pg_notify('${CHANNEL}', ${payload}))`;

export const CHANNEL = 'humdrum_jobs';
