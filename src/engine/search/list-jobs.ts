import type { Queryable } from '../../database/database.ts';
import { BLOCK } from '../statistics/sql.ts';
import type { IdRange } from '../statistics/statistics.ts';
import { cursorAt, idAt, type ListOptions, type PageOptions, wantedOf } from './job-query.ts';
import type { JobSummary } from './job-summary.ts';
import { planSearch, type Search } from './plan.ts';
import { lookSql, type Param, PARAMS } from './sql.ts';

/** Of what fits by all that is cheap to tell, one in so many may be looked at in full. */
const FULL_LOOKS = 25;

export interface JobPage {
  /** Maybe fewer than were asked for, or none, though there are more: a page looks through a bounded number of jobs. */
  jobs: JobSummary[];
  /** What to give as `after` for the next page. Null: there is none. */
  next: string | null;
}

interface Look {
  jobs: JobSummary[];
  /** It has seen all up to this id, this one included. Null: all there are. */
  end: number | null;
}

/**
 * One page of jobs, by their ids. What it costs does not depend on how many there are. Errors: `filter-invalid`,
 * `cursor-invalid`, `attribute-unknown`.
 */
export async function pageOfJobs(
  db: Queryable,
  { after, ...options }: PageOptions,
): Promise<JobPage> {
  const wanted = wantedOf(options);
  const { newest, limit } = wanted;
  const last = after === undefined ? null : idAt(wanted, after);
  const search = await planSearch(db, wanted);
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
  return { jobs: page, next: more === null ? null : cursorAt(wanted, more) };
}

const beyond = ({ low, high }: IdRange, id: number, newest: boolean): IdRange =>
  newest ? { low, high: Math.min(high, id - 1) } : { low: Math.max(low, id + 1), high };

/** How far a look has come: how many jobs fit, were seen, and in how many blocks, and the last of each. */
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
  const given: Record<Param, unknown> = {
    ...params,
    ...stretch,
    most_seen: step.seen,
    most_shown: mostShown,
    most_blocks: step.blocks,
  };
  const { rows } = await db.query<LookRow>(
    lookSql(step.shape),
    PARAMS.map((param) => given[param.slice(0, param.indexOf(' ')) as Param]),
  );
  const [first] = rows;
  if (!first) throw new Error('A look always tells how far it has come.');
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

/** The first jobs that fit, page after page until there are `limit` of them. Errors: as `pageOfJobs`. */
export async function listJobs(db: Queryable, options: ListOptions = {}): Promise<JobSummary[]> {
  const { limit } = wantedOf(options);
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
