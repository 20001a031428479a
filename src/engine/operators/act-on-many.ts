import type { Queryable } from '../../database/database.ts';
import { HumdrumError } from '../../errors.ts';
import type { Action } from '../job/lifecycle.ts';
import type { Runtime } from '../ports/runtime.ts';
import type { JobQuery } from '../search/job-query.ts';
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
 * Retries or cancels all jobs that match now, in the order of their ids, in batches with a transaction each. A job that
 * fails again meanwhile is not retried twice. Errors: `input-invalid`, `filter-invalid`, `attribute-unknown`.
 */
export async function actOnAll(
  { database: db, notify }: Pick<Runtime, 'database' | 'notify'>,
  action: Action,
  query: JobQuery,
  { actor, reason, overMs = 0, atMost, part, onProgress }: BulkAct,
): Promise<Acted> {
  checkAct(reason, overMs);
  refuseEmpty(action, query);
  const ids = await idsOf(db, action, query, atMost ?? null, part?.afterId ?? 0);
  const { from: before, of } = part ?? { from: 0, of: ids.length };
  let done = 0;
  for (let from = 0; from < ids.length; from += BATCH) {
    const batch = ids.slice(from, from + BATCH);
    // Each batch gets its share of the time, after the one before.
    const afterMs = (overMs * (before + from)) / of;
    const acted =
      action === 'retry'
        ? await retry(db, batch, {
            actor,
            reason,
            afterMs,
            overMs: (overMs * batch.length) / of,
          })
        : await cancel(db, batch, { actor, reason });
    done += acted.length;
    onProgress?.(done);
  }
  await notify('later');
  return { done, met: ids.length, lastId: ids.at(-1) ?? null };
}

/** A program without types may leave out the reason. */
function checkAct(reason: unknown, overMs: number): void {
  if (typeof reason !== 'string' || reason.trim() === '') {
    throw new HumdrumError(
      'input-invalid',
      'A reason is required. It is recorded in the audit of each job.',
    );
  }
  if (!(Number.isFinite(overMs) && overMs >= 0 && overMs <= 604_800_000)) {
    throw new HumdrumError('input-invalid', 'overMs must be from 0 to 604,800,000 (a week).');
  }
}

async function idsOf(
  db: Queryable,
  action: Action,
  query: JobQuery,
  atMost: number | null,
  afterId: number,
): Promise<number[]> {
  const { from, params } = await openJobs(db, actionable(action, query), { afterId });
  const { rows } = await db.query<{ ids: number[] | null }>(
    `select array_agg(id order by id) as ids
     from (select open.id ${from} order by open.id limit $${NEXT_PARAM}) as first_ones`,
    [...params, atMost],
  );
  return rows[0]?.ids ?? [];
}
