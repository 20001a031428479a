import type { Queryable } from '../../database/database.ts';
import type { Action } from '../job/lifecycle.ts';
import type { JobQuery, NormalQuery } from '../search/job-query.ts';
import type { JobSummary } from '../search/job-summary.ts';
import { listJobs } from '../search/list-jobs.ts';
import { NEXT_PARAM, openJobs } from '../search/open-jobs.ts';
import { actionable, actionableQuery, refuseEmpty } from './bulk-query.ts';

/** What a bulk act would be done to. */
export interface Preview {
  /** The query that lists just these jobs: the one that was given, and the statuses that allow the action. */
  query: NormalQuery;
  /** At most 100,000. */
  count: number;
  /** There are more than 100,000. */
  more: boolean;
  /** The 100 most frequent ones. */
  byType: { type: string; count: number }[];
  /** Of last attempts. Null: jobs without a failed one. */
  byErrorClass: { errorClass: string | null; count: number }[];
  /** The highest id of a job now. With it, an act meets no job that was enqueued later. */
  upToId: number;
  /** Some of the newest. */
  samples: JobSummary[];
}

/** A preview counts at most this many jobs, and the act on it is done to at most as many. */
export const MOST_ACTED = 100_000;
const SAMPLES = 5;

const counted = (column: string, name: string): string => `
  (select coalesce(json_agg(row_to_json(part)), '[]') from (
    select ${column} as "${name}", count(*) from matching group by ${column} order by count(*) desc, ${column} limit 100
  ) as part)`;

const previewSql = (from: string): string => `
with matching as materialized (
  select open.id, open.type, last.error_class ${from} limit $${NEXT_PARAM}::integer + 1
)
select
  (select count(*) from matching) as count,
  coalesce((select max(id) from humdrum.job), 0) as "upToId",
  ${counted('type', 'type')} as "byType",
  ${counted('error_class', 'errorClass')} as "byErrorClass",
  array (select id from matching order by id desc limit ${SAMPLES}) as samples`;

type Row = Omit<Preview, 'query' | 'more' | 'samples'> & { samples: number[] };

/** What a bulk act would be done to now. Changes nothing. Errors: `input-invalid`, `filter-invalid`, `attribute-unknown`. */
export async function previewOf(db: Queryable, action: Action, query: JobQuery): Promise<Preview> {
  refuseEmpty(action, query);
  const listed = actionableQuery(action, query);
  const { from, params } = await openJobs(db, actionable(action, query), { withErrors: true });
  const { rows } = await db.query<Row>(previewSql(from), [...params, MOST_ACTED]);
  const [row] = rows;
  if (!row) throw new Error('The preview returned no row.');
  const { count, samples: ids, ...parts } = row;
  return {
    query: listed,
    ...parts,
    count: Math.min(count, MOST_ACTED),
    more: count > MOST_ACTED,
    samples: ids.length > 0 ? await listJobs(db, { ids }) : [],
  };
}
