import type { Queryable } from '../../database/database.ts';
import type { Action } from '../job/lifecycle.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { CheckedQuery, JobQuery } from '../search/job-query.ts';
import { NEXT_PARAM, openJobs } from '../search/open-jobs.ts';
import { cancel } from '../transitions/cancel.ts';
import { retry } from '../transitions/retry.ts';
import { actionable, refuseEmpty } from './bulk-query.ts';

export interface BulkAct {
  actor: string;
  reason: string;
  /** Of a retry: spread evenly over this many milliseconds. Default: at once. */
  overMs?: number;
  /** At most this many, those with the lowest ids. Default: all. */
  atMost?: number;
  /** Only jobs with ids up to this one: `upToId` of a preview, so that no job is met that was enqueued after it. Default: all. */
  upToId?: number;
  /** Only jobs with ids above `afterId`, where the act before ended. Of a retry over time: this part begins at `from` of `of`. */
  part?: { afterId: number; from: number; of: number };
  /** Called after each batch. */
  onProgress?: (done: number) => void;
}

/** How many jobs an act was done to, and how far it came. */
export interface Acted {
  done: number;
  /** How many matched. Those that started or ended meanwhile were left as they are. */
  met: number;
  /** The highest id of those. Null: none matched. */
  lastId: number | null;
}

const BATCH = 1_000;

/** How many jobs an action would be done to. Errors: `filter-invalid`, `attribute-unknown`. */
export async function countFor(db: Queryable, action: Action, query: JobQuery): Promise<number> {
  const { from, params } = await openJobs(db, actionable(action, query));
  const { rows } = await db.query<{ count: number }>(`select count(*) ${from}`, params);
  return rows[0]?.count ?? 0;
}

/**
 * Retries or cancels all jobs that match now, in the order of their ids, in batches with a transaction each. Children are
 * retried before their parents, or with them, even beyond `atMost`. A job that fails again meanwhile is not retried twice. Errors: `input-invalid`, `filter-invalid`, `attribute-unknown`.
 */
export async function actOnAll(
  { database: db, notify }: Pick<Runtime, 'database' | 'notify'>,
  action: Action,
  query: JobQuery,
  { actor, reason, overMs = 0, atMost, upToId, part, onProgress }: BulkAct,
): Promise<Acted> {
  refuseEmpty(action, query);
  const within = { afterId: part?.afterId ?? 0, ...(upToId !== undefined && { upToId }) };
  const ids = await idsOf(db, actionable(action, query), within, atMost ?? null);
  const { from: before, of } = part ?? { from: 0, of: ids.length };
  /** Children that were retried with a parent, before their turn. */
  const early = new Set<number>();
  let done = 0;
  for (let from = 0; from < ids.length; from += BATCH) {
    const batch = ids.slice(from, from + BATCH).filter((id) => !early.has(id));
    // Each batch gets its share of the time, after the one before.
    const share = {
      afterMs: (overMs * (before + from)) / of,
      overMs: (overMs * batch.length) / of,
    };
    if (action === 'cancel') done += (await cancel(db, batch, { actor, reason })).length;
    else {
      const matching = async (some: number[]): Promise<number[]> =>
        idsOf(db, { ...actionable(action, query), ids: some }, within, null);
      for (const children of await childrenFirst(db, batch, matching)) {
        for (const id of children) early.add(id);
        done += (await retry(db, children, { actor, reason, ...share })).length;
      }
      done += (await retry(db, batch, { actor, reason, ...share })).length;
    }
    onProgress?.(done);
  }
  await notify('later');
  return { done, met: ids.length, lastId: ids.at(-1) ?? null };
}

// A job with on_child_failure is a parent. Children have higher ids than their parents.
const DESCENDANTS = `
with recursive family as (
  select id from humdrum.job where id = any ($1::bigint[]) and on_child_failure is not null
  union
  select job.id from family join humdrum.job on job.parent_id = family.id
)
select array_agg(job_id order by job_id desc) as ids from family join humdrum.failed on job_id = id
where not job_id = any ($1::bigint[])`;

/**
 * A parent that is retried waits for those of its children that are open by then. So its children that are to be retried too,
 * but in a later batch, come first; and the children of these before them. Returns them in batches.
 */
async function childrenFirst(
  db: Queryable,
  batch: readonly number[],
  matching: (ids: number[]) => Promise<number[]>,
): Promise<number[][]> {
  const { rows } = await db.query<{ ids: number[] | null }>(DESCENDANTS, [batch]);
  const ids = rows[0]?.ids ?? [];
  const batches: number[][] = [];
  for (let from = 0; from < ids.length; from += BATCH) {
    batches.push(await matching(ids.slice(from, from + BATCH)));
  }
  return batches.filter((one) => one.length > 0);
}

async function idsOf(
  db: Queryable,
  query: CheckedQuery,
  within: { afterId: number; upToId?: number },
  atMost: number | null,
): Promise<number[]> {
  const { from, params } = await openJobs(db, query, within);
  const { rows } = await db.query<{ ids: number[] | null }>(
    `select array_agg(id order by id) as ids
     from (select open.id ${from} order by open.id limit $${NEXT_PARAM}) as first_ones`,
    [...params, atMost],
  );
  return rows[0]?.ids ?? [];
}
