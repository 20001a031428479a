import { BLOCK } from '../statistics/sql.ts';
import {
  ALL_PARAMS,
  among,
  inStretch,
  JOB_MATCHES,
  joinLastAttempt,
  joinMatchingJob,
  LAST_ATTEMPT_MATCHES,
  p,
  type Param,
  STATUS_TABLES,
  type StatusTable,
  within,
} from './conditions.ts';
import { SUMMARY } from './job-summary.ts';

/**
 * Where a look takes jobs from: all of them; the tables of those that have not completed; the attempts that ended in a
 * time range; the ids that are given.
 */
export type Source = 'all' | 'open' | 'ended' | 'given';

export interface Shape {
  source: Source;
  /** Only in blocks of ids that hold matching jobs. */
  inBlocks: boolean;
  newest: boolean;
}

/** At most one page of jobs, from one stretch of ids, and how far the look went. It reads a bounded number of rows. */
export function lookSql({ source, inBlocks, newest }: Shape): string {
  const order = newest ? 'desc' : 'asc';
  const end = newest ? 'min' : 'max';
  return `
with ${inBlocks ? blocksSql(order) : ''}
seen as materialized (${seenSql(source, inBlocks, order)}
),
fit as materialized (
  select seen.id from seen ${source === 'all' ? '' : joinMatchingJob('seen.id')}
  ${joinLastAttempt('seen.id')}
  where seen.matches and ${LAST_ATTEMPT_MATCHES}
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
  ) as reach, ${SUMMARY}
from (select ${ALL_PARAMS}) as params left join shown on true order by id ${order}`;
}

// A scalar subquery stays a look-up for each block.
const blockHas = (name: Param): string => `(${p(name)} is null or (
      select true from humdrum.job_block as other where other.block = one.block and other.term = any (${p(name)}) limit 1))`;

/** The blocks that may hold matching jobs. Any block may hold jobs that are not rolled up yet, and early blocks do not know attributes. */
function blocksSql(order: string): string {
  const span = `between ${p('low')} / ${BLOCK} and ${p('high')} / ${BLOCK}`;
  const withTerms = (terms: Param, where: string): string => `
    select block from unnest(${p(terms)}) as wanted cross join lateral (
      select block from humdrum.job_block as one
      where one.term = wanted and block ${span} and ${where}
      order by block ${order} limit ${p('most_blocks')}
    ) as found`;
  return `
block as materialized (
  select block from (${withTerms('terms', `block >= ${p('indexed_from')} and ${blockHas('also')} and ${blockHas('and_also')}`)}
    union${withTerms('type_terms', `block < ${p('indexed_from')}`)}
    union
    select job_id / ${BLOCK} from humdrum.audit_in(humdrum.tail())
    where event in ('created', 'completed', 'failed') and job_id / ${BLOCK} ${span}
  ) as found order by block ${order} limit ${p('most_blocks')}
),`;
}

function seenSql(source: Source, inBlocks: boolean, order: string): string {
  if (source === 'given') {
    return `
  select distinct id, true as matches from unnest(${p('ids')}) as id where ${inStretch('id')} order by id ${order} limit ${p('most_seen')}`;
  }
  if (source === 'ended') {
    return `
  select id, true as matches from (
    select distinct job_id as id from humdrum.attempt where ${within('finished_at', 'finished_from', 'finished_to')} and ${inStretch('job_id')}
  ) as ended order by id ${order} limit ${p('most_seen')}`;
  }
  if (source === 'all') {
    return inBlocks
      ? `
  select job.id, true as matches from block cross join lateral (
    select id from humdrum.job
    where id between block * ${BLOCK} and block * ${BLOCK} + ${BLOCK - 1} and ${inStretch('id')} and ${JOB_MATCHES} offset 0
  ) as job`
      : `
  select id, ${JOB_MATCHES} as matches from (
    select * from humdrum.job where ${inStretch('id')} order by id ${order} limit ${p('most_seen')}
  ) as job`;
  }
  const parts = STATUS_TABLES.map((one) => seenInTableSql(one, inBlocks, order));
  return `${parts.join('\n  union')}\n  order by id ${order} limit ${p('most_seen')}`;
}

function seenInTableSql(
  { status, table, matches }: StatusTable,
  inBlocks: boolean,
  order: string,
): string {
  const isWanted = `'${status}' = any (${p('statuses')})`;
  // Tables with an index by id are looked up block by block; the others are scanned once.
  const scanned = table === 'humdrum.ready' || status === 'running';
  if (inBlocks && !scanned) {
    return `
  (select here.id, here.matches from block cross join lateral (
    select job_id as id, ${matches} as matches from ${table}
    where job_id between block * ${BLOCK} and block * ${BLOCK} + ${BLOCK - 1} and ${inStretch('job_id')} and ${isWanted} offset 0
  ) as here)`;
  }
  // IS TRUE keeps it a hashed subplan: a join would be planned as if there were few rows.
  const inThem = inBlocks
    ? `and ${matches} and (job_id / ${BLOCK} in (select block from block)) is true`
    : '';
  return `
  (select job_id as id, ${matches} as matches from ${table}
    where ${inStretch('job_id')} and ${isWanted} ${inThem} order by job_id ${order} limit ${p('most_seen')})`;
}
