import { intoLine, intoReady, LINE_CALL, type Queued } from './make-ready.ts';
import { PREPARED } from '../../database/prepared.ts';
import type { Column } from './row-columns.ts';

/** 2020-01-01, from which ranks count, in seconds. */
const RANKS_FROM = 1_577_836_800;

/** Many thousands of characters, for each of the few kinds of jobs that a program has. */
const made = new Map<string, string>();
const MOST_MADE = 1_000;

/**
 * The statement that persists jobs. $1: the actor, $2: the reason, then the columns that are given, and at last the news,
 * where there are any. There is no more in it than these jobs need: most have no time of their own, no key, no limits and
 * no parent.
 */
export function insertSql(columns: readonly Column[], hasNews: boolean): string {
  const shape = columns.map(({ many, given }) => (many ? 'm' : given ? 's' : '-')).join('');
  const key = `${shape}${hasNews}`;
  const known = made.get(key);
  if (known !== undefined) return known;
  if (made.size >= MOST_MADE) made.clear();
  const sql = makeSql(columns, hasNews);
  made.set(key, sql);
  return sql;
}

function makeSql(columns: readonly Column[], hasNews: boolean): string {
  const params = columns
    .filter(({ given }) => given)
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
),${unique ? uniqueSql(column) : ''}
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
${hasNews ? notification(`$${params.length + 3}`) : ''}
select ${unique ? 'kept_id as id, kept_id = id as created from kept' : 'id, true as created from fresh'}${hasNews ? ', said' : ''} order by ordinality`;
}

/** When it is due, what its handler sees as now, by when it must start, and its rank. */
function timesOf(timed: boolean, column: (name: string) => string): string {
  const after = (name: string): string => `now + ${column(name)} * interval '1 millisecond'`;
  const dueOr = (otherwise: string): string =>
    `coalesce(${column('due_at')}, ${column('run_at')}, ${after('delay_ms')}, ${otherwise})`;
  const due = dueOr(`${after('children_ms')}, now`);
  // How long a job may wait for its children says nothing of when its turn is.
  const seconds = timed ? `date_part('epoch', greatest(${dueOr('now')}, now))` : 'now_seconds';
  return `
    ${timed ? `coalesce(${column('run_at')}, ${after('delay_ms')}, now)` : 'now'} as as_of, ${timed ? due : 'now'} as due,
    coalesce(${column('start_by')}, ${after('start_within_ms')}) as starts_by,
    least(${seconds} - ${RANKS_FROM} + 60 * priority, 2000000000)::integer as rank`;
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

// By the time that the job says it was created at, however long the statement has waited since.
const PASSED = '(held.job_id = 0 or held.until <= (select now from clock))';

// In the order of keys, so that two who want the same ones do not wait for each other. Of one statement the first has the
// key, and the last where they are debounced. A key that is held only for a time is taken over when that has passed, and
// so is one that was kept for a debounced job (0).
const uniqueSql = (column: (name: string) => string): string => `
wanted as (
  select distinct on (type, unique_key) type, unique_key, id, coalesce(${column('put_off_since')}, now) as since,
    now + ${column('unique_ms')} * interval '1 millisecond' as until
  from given where unique_key is not null
  order by type, unique_key, case when ${column('put_off_since')} is null then ordinality else -ordinality end
),
held as (
  insert into humdrum.unique_key as held (type, key, job_id, since, until)
  select type, unique_key, id, since, until from wanted order by type, unique_key
  on conflict (type, key) do update set
    job_id = case when ${PASSED} then excluded.job_id else held.job_id end,
    since = case when ${PASSED} then excluded.since else held.since end,
    until = case when ${PASSED} then excluded.until else held.until end
  returning type, key, job_id
),
kept as materialized (
  select given.*, coalesce(held.job_id, given.id) as kept_id
  from given left join held on (held.type, held.key) = (given.type, given.unique_key)
),
fresh as (select * from kept where kept_id = id),`;

/** A part of a statement that says it when that commits. `news`: a parameter. The rows of `said` must be read. */
const notification = (news: string): string =>
  `, said as materialized (select pg_notify('${CHANNEL}', ${news}))`;

export const CHANNEL = 'humdrum_jobs';
