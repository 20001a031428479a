import type { Queryable } from '../../database/database.ts';
import type { Action } from '../job/lifecycle.ts';
import type { JobSummary } from '../search/job-summary.ts';
import { listJobs } from '../search/list-jobs.ts';
import { fitting, type JobFilter, paramsOf } from './act-on-many.ts';

/** What a bulk act would be done to. */
export interface Preview {
  /** At most 100,000. */
  count: number;
  /** There are more than that. */
  more: boolean;
  /** The 100 most frequent ones. */
  byType: { type: string; count: number }[];
  /** Of last attempts; null where none has failed. */
  byErrorClass: { errorClass: string | null; count: number }[];
  /** Some of the newest. */
  samples: JobSummary[];
}

/** So many are counted, and acted upon by one act that was previewed. */
export const MOST_ACTED = 100_000;
const SAMPLES = 5;

const counted = (column: string, name: string): string => `
  (select coalesce(json_agg(row_to_json(part)), '[]') from (
    select ${column} as "${name}", count(*) from fitting group by ${column} order by count(*) desc, ${column} limit 100
  ) as part)`;

const preview = (action: Action): string => `
with fitting as materialized (
  select job.id, job.type, last.error_class ${fitting(action)} limit $9::integer + 1
)
select
  (select count(*) from fitting) as count,
  ${counted('type', 'type')} as "byType",
  ${counted('error_class', 'errorClass')} as "byErrorClass",
  array (select id from fitting order by id desc limit ${SAMPLES}) as samples`;

type Row = Omit<Preview, 'more' | 'samples'> & { samples: number[] };

/** Tells what a bulk act would be done to now, and does nothing. `most`: for tests. */
export async function previewOf(
  db: Queryable,
  action: Action,
  filter: JobFilter,
  most: number = MOST_ACTED,
): Promise<Preview> {
  const { rows } = await db.query<Row>(preview(action), [...paramsOf(filter), most]);
  const [row] = rows;
  if (!row) throw new Error('A count always has a row.');
  const { count, samples: ids, ...parts } = row;
  const samples = ids.length > 0 ? await listJobs(db, { ids }) : [];
  return { ...parts, count: Math.min(count, most), more: count > most, samples };
}
