import type { Status } from '../job/lifecycle.ts';
import { contentAt } from '../statistics/sql.ts';

/** The meaning of a `JobQuery` in SQL: lists and bulk acts are built from the same conditions. */

/** Parameters of every statement that searches jobs, in this order. */
export const PARAMS = [
  'low bigint', // the ids to look at, both ends included
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
  'probe boolean', // look up last attempts
  'last_completed boolean', // null: either way
  'most_blocks integer',
  'terms text[]',
  'also text[]',
  'and_also text[]',
  'type_terms text[]',
  'indexed_from bigint', // blocks before it do not know attributes
  'ids bigint[]',
] as const;

type NameOf<Text> = Text extends `${infer Name} ${string}` ? Name : never;
export type Param = NameOf<(typeof PARAMS)[number]>;

/** The parameters of the query itself, as against those of one step of a search. */
export type QueryParams = Record<
  Exclude<Param, 'low' | 'high' | 'most_seen' | 'most_shown' | 'most_blocks'>,
  unknown
>;

const nameOf = (param: string): Param => param.slice(0, param.indexOf(' ')) as Param;

export function p(name: Param): string {
  const at = PARAMS.findIndex((param) => nameOf(param) === name);
  return `$${at + 1}::${PARAMS[at]?.split(' ')[1]}`;
}

/** PostgreSQL needs the type of every parameter, of those too that a statement does not use. */
export const ALL_PARAMS = PARAMS.map((param) => p(nameOf(param))).join(', ');

export function paramValues(values: Readonly<Record<Param, unknown>>): unknown[] {
  return PARAMS.map((param) => values[nameOf(param)]);
}

export const among = (column: string, name: Param): string =>
  `(${p(name)} is null or ${column} = any (${p(name)}))`;
export const within = (column: string, from: Param, to: Param): string =>
  `(${p(from)} is null or ${column} >= ${p(from)}) and (${p(to)} is null or ${column} < ${p(to)})`;
export const inStretch = (id: string): string => `${id} between ${p('low')} and ${p('high')}`;

const contains = (at: 1 | 2 | 3): string =>
  `(${p(`path_${at}`)} is null or (${contentAt(p(`path_${at}`))}) = ${p(`content_${at}`)})`;

/** What the row of `job` tells. */
export const JOB_MATCHES = `
  ${among('job.type', 'types')} and ${among('job.queue', 'queues')}
  and ${within('job.created_at', 'created_from', 'created_to')}
  and (${p('schedule')} is null or job.schedule = ${p('schedule')})
  and ${contains(1)} and ${contains(2)} and ${contains(3)}`;

/** What the row of the last attempt tells, where it is looked up. */
export const LAST_ATTEMPT_MATCHES = `(not ${p('probe')} or ((
  ${p('last_completed')} is null or (last.status is not distinct from 'completed') = ${p('last_completed')}
) and (${p('error_class')} is null or last.error_class = ${p('error_class')})
  and (${p('error')} is null or strpos(lower(last.error_message), lower(${p('error')})) > 0)
  and ${within('last.finished_at', 'finished_from', 'finished_to')}))`;

/** Joins the job with an id if it matches. OFFSET 0 keeps it a look-up by key for each id. */
export const joinMatchingJob = (id: string): string =>
  `cross join lateral (select from humdrum.job where job.id = ${id} and ${JOB_MATCHES} offset 0) as job`;

export const joinLastAttempt = (id: string): string => `left join lateral (
    select status, finished_at, error_class, error_message from humdrum.attempt
    where attempt.job_id = ${id} and ${p('probe')} order by number desc limit 1
  ) as last on true`;

/** A table whose rows are all jobs of one status that have not completed. */
export interface StatusTable {
  status: Status;
  table: string;
  /** What its row tells without a look at the job. */
  matches: string;
}

/** The type without the version of its input, which the tables of open jobs add to it. */
export const ROW_TYPE = "split_part(type, '@', 1)";
const ROW_MATCHES = `${among(ROW_TYPE, 'types')} and ${among('queue', 'queues')}`;

export const STATUS_TABLES: readonly StatusTable[] = [
  { status: 'queued', table: 'humdrum.ready', matches: ROW_MATCHES },
  { status: 'queued', table: 'humdrum.later', matches: ROW_MATCHES },
  { status: 'queued', table: 'humdrum.parked', matches: ROW_MATCHES },
  {
    status: 'running',
    table: '(select unnest(jobs) as job_id from humdrum.lease) as lease',
    matches: 'true',
  },
  {
    status: 'failed',
    table: 'humdrum.failed',
    matches: `${ROW_MATCHES} and (${p('error_class')} is null or error_class = ${p('error_class')})`,
  },
  { status: 'cancelled', table: 'humdrum.cancellation', matches: 'true' },
];
