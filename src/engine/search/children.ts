import type { Queryable } from '../../database/database.ts';
import { clamp } from '../base/clamp.ts';
import { type JobSummary, SUMMARY } from './job-summary.ts';

export interface ChildrenPage {
  jobs: JobSummary[];
  /** What to give as `after` for the next page. Null: there is none. */
  next: number | null;
}

// OFFSET 0 pins the order of look-ups: which they are, then each by its key. And no walk along all ids looks for them.
const CHILDREN = `
select ${SUMMARY} from (
  select id as child from humdrum.job where parent_id = $1 and id > $2 order by id + 0 limit $3
) as own cross join lateral (select * from humdrum.jobs where jobs.id = own.child offset 0) as jobs order by id`;

/** The jobs that a job waits for, or waited for, oldest first. `limit`: 1 to 1,000. */
export async function childrenOf(
  db: Queryable,
  parent: number,
  { after = 0, limit = 100 }: { after?: number; limit?: number } = {},
): Promise<ChildrenPage> {
  const most = clamp(limit, 1, 1_000);
  const { rows } = await db.query<JobSummary>(CHILDREN, [parent, after, most + 1]);
  const jobs = rows.slice(0, most);
  return { jobs, next: rows.length > most ? (jobs.at(-1)?.id ?? null) : null };
}
