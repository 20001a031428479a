import type { Queryable } from '../../database/database.ts';
import { BLOCK } from '../statistics/sql.ts';
import type { IdRange } from '../statistics/statistics.ts';
import { paramValues } from './conditions.ts';
import { cursorAt, idAt } from './cursor.ts';
import { checkList, checkPage, type ListOptions, type PageOptions } from './job-query.ts';
import type { JobSummary } from './job-summary.ts';
import { planSearch, type Search } from './plan.ts';
import { lookSql } from './sql.ts';

/** Of the jobs that match by all that is cheap to check, one in this many may be looked up in full. */
const FULL_LOOKS = 25;

export interface JobPage {
  /** There may be fewer than `limit`, or none, before the last page: each page looks through a bounded number of jobs. */
  jobs: JobSummary[];
  /** Pass it as `after` to get the next page. Null: this is the last one. */
  next: string | null;
}

interface Look {
  jobs: JobSummary[];
  /** The look covered all ids up to this one, inclusive. Null: it covered all of them. */
  end: number | null;
}

/**
 * One page of jobs, ordered by id. Its cost does not depend on the number of jobs. Errors: `filter-invalid`,
 * `cursor-invalid`, `attribute-unknown`.
 */
export async function pageOfJobs(db: Queryable, options: PageOptions): Promise<JobPage> {
  const { after, list } = checkPage(options);
  const { newest, limit } = list;
  const last = after === undefined ? null : idAt(list, after);
  const search = await planSearch(db, list);
  let stretch = last === null ? search.ids : beyond(search.ids, last, newest);
  const jobs: JobSummary[] = [];
  let end: number | null = null;
  for (const step of search.steps) {
    const look: Look = await lookThrough(db, search, {
      stretch,
      step,
      most: limit + 1 - jobs.length,
    });
    jobs.push(...look.jobs);
    ({ end } = look);
    if (end === null || jobs.length > limit) break;
    stretch = beyond(stretch, end, newest);
  }
  const page = jobs.slice(0, limit);
  const more = jobs.length > limit ? (page.at(-1)?.id ?? null) : end;
  return { jobs: page, next: more === null ? null : cursorAt(list, more) };
}

const beyond = ({ low, high }: IdRange, id: number, newest: boolean): IdRange =>
  newest ? { low, high: Math.min(high, id - 1) } : { low: Math.max(low, id + 1), high };

/** How far a look went: how many jobs matched, how many it saw, in how many blocks, and the last of each. */
interface Reach {
  fitCount: number;
  fitEnd: number;
  seenCount: number;
  seenEnd: number;
  blockCount: number;
  blockEnd: number;
}

/** `id` null: no job was found. */
type LookRow = { reach: Reach; id: number | null } & Omit<JobSummary, 'id'>;

async function lookThrough(
  db: Queryable,
  { params }: Search,
  { stretch, step, most }: { stretch: IdRange; step: Search['steps'][number]; most: number },
): Promise<Look> {
  const mostShown = Math.max(most, Math.trunc(step.seen / FULL_LOOKS));
  const { rows } = await db.query<LookRow>(
    lookSql(step.shape),
    paramValues({
      ...params,
      ...stretch,
      most_seen: step.seen,
      most_shown: mostShown,
      most_blocks: step.blocks,
    }),
  );
  const [first] = rows;
  if (!first) throw new Error('A look returned no row.');
  return {
    jobs: rows.flatMap(({ reach: _reach, id, ...job }) => (id === null ? [] : [{ id, ...job }])),
    end: endOf(first.reach, mostShown, step),
  };
}

function endOf(
  reach: Reach,
  mostShown: number,
  { seen, blocks, shape: { inBlocks, newest } }: Search['steps'][number],
): number | null {
  if (reach.fitCount >= mostShown) return reach.fitEnd;
  if (reach.seenCount >= seen) return reach.seenEnd;
  if (!inBlocks || reach.blockCount < blocks) return null;
  return reach.blockEnd * BLOCK + (newest ? 0 : BLOCK - 1);
}

/** The first `limit` matching jobs, read page by page. Errors: as `pageOfJobs`. */
export async function listJobs(db: Queryable, options: ListOptions = {}): Promise<JobSummary[]> {
  const { limit } = checkList(options);
  const jobs: JobSummary[] = [];
  let next: string | null | undefined;
  do {
    const page: JobPage = await pageOfJobs(db, {
      ...options,
      limit: limit - jobs.length,
      ...(next ? { after: next } : {}),
    });
    jobs.push(...page.jobs);
    ({ next } = page);
  } while (next !== null && jobs.length < limit);
  return jobs;
}
