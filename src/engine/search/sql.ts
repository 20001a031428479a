import type { Status } from '../job/lifecycle.ts';
import { BLOCK, contentAt } from '../statistics/sql.ts';

/**
 * Where a look takes jobs from: all of them; the places of those that have not completed; the attempts that ended in a
 * time; the ids that are given.
 */
export type Source = 'all' | 'open' | 'ended' | 'given';

/** Of the message of an error a list shows so many characters. */
export const LONGEST_LISTED = 1_000;

export interface Shape {
  source: Source;
  /** Only blocks of ids that have what is wanted. */
  inBlocks: boolean;
  newest: boolean;
}

/** What a look is given, in this order. */
export const PARAMS = [
  'low bigint',
  'high bigint',
  'most_seen integer',
  'most_shown integer',
  'statuses text[]',
  'types text[]',
  'queues text[]',
  'created_from timestamptz',
  'created_to timestamptz',
  'finished_from timestamptz',
  'finished_to timestamptz',
  'path_1 text[]',
  'content_1 text',
  'path_2 text[]',
  'content_2 text',
  'path_3 text[]',
  'content_3 text',
  'error_class text',
  'error text',
  'schedule text',
  'probe boolean', // look at last attempts
  'last_completed boolean', // null: either way
  'most_blocks integer',
  'terms text[]',
  'also text[]',
  'and_also text[]',
  'type_terms text[]',
  'indexed_from bigint', // a block: before it attributes are not known
  'ids bigint[]',
] as const;

type NameOf<Text> = Text extends `${infer Name} ${string}` ? Name : never;
export type Param = NameOf<(typeof PARAMS)[number]>;

const p = (name: Param): string => {
  const at = PARAMS.findIndex((param) => param.startsWith(`${name} `));
  return `$${at + 1}::${PARAMS[at]?.split(' ')[1]}`;
};

/** A parameter that a statement does not use must still have a type there. */
const ALL_GIVEN = PARAMS.map((param) => p(param.slice(0, param.indexOf(' ')) as Param)).join(', ');

const among = (column: string, name: Param): string =>
  `(${p(name)} is null or ${column} = any (${p(name)}))`;
const within = (column: string, from: Param, to: Param): string =>
  `(${p(from)} is null or ${column} >= ${p(from)}) and (${p(to)} is null or ${column} < ${p(to)})`;

const contains = (at: 1 | 2 | 3): string =>
  `(${p(`path_${at}`)} is null or (${contentAt(p(`path_${at}`))}) = ${p(`content_${at}`)})`;

/** Of the job itself. */
const FITS = `
  ${among('job.type', 'types')} and ${among('job.queue', 'queues')}
  and ${within('job.created_at', 'created_from', 'created_to')}
  and (${p('schedule')} is null or job.schedule = ${p('schedule')})
  and ${contains(1)} and ${contains(2)} and ${contains(3)}`;

const LAST = `(
  ${p('last_completed')} is null or (last.status is not distinct from 'completed') = ${p('last_completed')}
) and (${p('error_class')} is null or last.error_class = ${p('error_class')})
  and (${p('error')} is null or strpos(lower(last.error_message), lower(${p('error')})) > 0)
  and ${within('last.finished_at', 'finished_from', 'finished_to')}`;

/** One page of jobs at most, from one stretch of ids, and how far it has come. No look reads more than it is given leave to. */
export function lookSql({ source, inBlocks, newest }: Shape): string {
  const order = newest ? 'desc' : 'asc';
  const end = newest ? 'min' : 'max';
  const made =
    source === 'all'
      ? ''
      : `cross join lateral (select from humdrum.job where job.id = seen.id and ${FITS} offset 0) as job`;
  return `
with ${inBlocks ? blocksSql(order) : ''}
seen as materialized (${seenSql(source, inBlocks, order)}
),
fit as materialized (
  select seen.id from seen ${made}
  left join lateral (
    select status, finished_at, error_class, error_message from humdrum.attempt
    where attempt.job_id = seen.id and ${p('probe')} order by number desc limit 1
  ) as last on true
  where seen.fits and (not ${p('probe')} or (${LAST}))
  order by seen.id ${order} limit ${p('most_shown')}
),
shown as materialized (
  select jobs.* from fit cross join lateral (select * from humdrum.jobs where jobs.id = fit.id offset 0) as jobs
  where ${among('jobs.status', 'statuses')}
)
select json_build_object(
    'fitCount', (select count(*) from fit), 'fitEnd', (select ${end}(id) from fit),
    'seenCount', (select count(*) from seen), 'seenEnd', (select ${end}(id) from seen),
    'blockCount', ${inBlocks ? '(select count(*) from block)' : '0'}, 'blockEnd', ${inBlocks ? `(select ${end}(block) from block)` : '0'}
  ) as reach,
  shown.id, type, queue, shown.status, attempts, max_attempts as "maxAttempts", created_at as "createdAt",
  run_at as "runAt", as_of as "asOf", schedule, finished_at as "finishedAt", error_class as "errorClass", left(error_message, ${LONGEST_LISTED}) as "errorMessage"
from (select ${ALL_GIVEN}) as given left join shown on true order by shown.id ${order}`;
}

// A scalar subquery stays a look-up for each block.
const has = (name: Param): string => `(${p(name)} is null or (
      select true from humdrum.job_block as other where other.block = one.block and other.term = any (${p(name)}) limit 1))`;

/** Which blocks have what is wanted. Jobs that are not rolled up yet may be in any, and attributes were not always known. */
function blocksSql(order: string): string {
  const span = `between ${p('low')} / ${BLOCK} and ${p('high')} / ${BLOCK}`;
  const known = (terms: Param, where: string): string => `
    select block from unnest(${p(terms)}) as wanted cross join lateral (
      select block from humdrum.job_block as one
      where one.term = wanted and block ${span} and ${where}
      order by block ${order} limit ${p('most_blocks')}
    ) as found`;
  return `
block as materialized (
  select block from (${known('terms', `block >= ${p('indexed_from')} and ${has('also')} and ${has('and_also')}`)}
    union${known('type_terms', `block < ${p('indexed_from')}`)}
    union
    select job_id / ${BLOCK} from humdrum.audit_in(humdrum.tail())
    where event in ('created', 'completed', 'failed') and job_id / ${BLOCK} ${span}
  ) as found order by block ${order} limit ${p('most_blocks')}
),`;
}

function seenSql(source: Source, inBlocks: boolean, order: string): string {
  const stretch = (id: string): string => `${id} between ${p('low')} and ${p('high')}`;
  if (source === 'given') {
    return `
  select distinct id, true as fits from unnest(${p('ids')}) as id where ${stretch('id')} order by id ${order} limit ${p('most_seen')}`;
  }
  if (source === 'ended') {
    return `
  select id, true as fits from (
    select distinct job_id as id from humdrum.attempt where ${within('finished_at', 'finished_from', 'finished_to')} and ${stretch('job_id')}
  ) as ended order by id ${order} limit ${p('most_seen')}`;
  }
  if (source === 'all') {
    return inBlocks
      ? `
  select job.id, true as fits from block cross join lateral (
    select id from humdrum.job
    where id between block * ${BLOCK} and block * ${BLOCK} + ${BLOCK - 1} and ${stretch('id')} and ${FITS} offset 0
  ) as job`
      : `
  select id, ${FITS} as fits from (
    select * from humdrum.job where ${stretch('id')} order by id ${order} limit ${p('most_seen')}
  ) as job`;
  }
  const here = PLACES.map((place) => placeSql(place, inBlocks, order));
  return `${here.join('\n  union')}\n  order by id ${order} limit ${p('most_seen')}`;
}

interface Place {
  status: Status;
  table: string;
  /** What can be said of the job without looking it up. */
  fits: string;
}

const NAMED = `${among("split_part(type, '@', 1)", 'types')} and ${among('queue', 'queues')}`;
export const PLACES: readonly Place[] = [
  { status: 'queued', table: 'humdrum.ready', fits: NAMED },
  { status: 'queued', table: 'humdrum.later', fits: NAMED },
  { status: 'queued', table: 'humdrum.parked', fits: NAMED },
  {
    status: 'running',
    table: '(select unnest(jobs) as job_id from humdrum.lease) as lease',
    fits: 'true',
  },
  {
    status: 'failed',
    table: 'humdrum.failed',
    fits: `${NAMED} and (${p('error_class')} is null or error_class = ${p('error_class')})`,
  },
  { status: 'cancelled', table: 'humdrum.cancellation', fits: 'true' },
];

function placeSql({ status, table, fits }: Place, inBlocks: boolean, order: string): string {
  const meant = `'${status}' = any (${p('statuses')})`;
  const stretch = `job_id between ${p('low')} and ${p('high')}`;
  // What has an index by its ids is looked up block by block; the others are scanned once.
  const scanned = table === 'humdrum.ready' || status === 'running';
  if (inBlocks && !scanned) {
    return `
  (select here.id, here.fits from block cross join lateral (
    select job_id as id, ${fits} as fits from ${table}
    where job_id between block * ${BLOCK} and block * ${BLOCK} + ${BLOCK - 1} and ${stretch} and ${meant} offset 0
  ) as here)`;
  }
  // IS TRUE keeps it a hash that is looked into: a join would be planned as if there were few rows.
  const inThem = inBlocks
    ? `and ${fits} and (job_id / ${BLOCK} in (select block from block)) is true`
    : '';
  return `
  (select job_id as id, ${fits} as fits from ${table}
    where ${stretch} and ${meant} ${inThem} order by job_id ${order} limit ${p('most_seen')})`;
}
