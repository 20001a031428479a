import type { Runtime } from '../ports/runtime.ts';
import type { Queryable } from '../../database/database.ts';
import { HumdrumError } from '../../errors.ts';
import { cancel } from '../transitions/cancel.ts';
import type { Action } from '../job/lifecycle.ts';
import { retry } from '../transitions/retry.ts';

/** Which of the jobs that an action is allowed for. All that are given must fit; of several values of one, any. */
export interface JobFilter {
  ids?: readonly number[];
  type?: string | readonly string[];
  queue?: string | readonly string[];
  /** Of the last attempt, exactly: `Timeout`, `WorkerLost`, `TypeError`. */
  errorClass?: string;
  /** Text that the last attempt's error message contains, in any case. */
  error?: string;
  schedule?: string;
  /** When the job was created. */
  createdAfter?: Date;
  createdBefore?: Date;
}

export interface BulkAct {
  actor: string;
  reason: string;
  /** Of a retry: spread evenly over so many milliseconds. Default: at once. */
  overMs?: number;
  /** Only so many, those with the lowest ids. Default: all. */
  atMost?: number;
  /** Only those behind this id: where an act before has ended. Of a retry over time: where in the whole this part begins. */
  part?: { afterId: number; from: number; of: number };
  /** Told after each batch. */
  onProgress?: (done: number) => void;
}

/** What an act has been done to, and up to where. */
export interface Acted {
  done: number;
  /** Those that fitted: what started or ended meanwhile was left as it is. */
  met: number;
  /** The highest of their ids. Null: there was none. */
  lastId: number | null;
}

const BATCH = 1_000;

const HERE = 'job_id, type, queue';
const PLACES = {
  retry: `select ${HERE} from humdrum.failed`,
  cancel: ['failed', 'ready', 'later', 'parked']
    .map((place) => `select ${HERE} from humdrum.${place}`)
    .join(' union all '),
};

// What the place itself tells is asked there, so that most jobs need not be looked up. OFFSET 0 pins the order of look-ups:
// where the jobs are, then each by its key.
export const fitting = (action: Action): string => `
from (${PLACES[action]}) as place
cross join lateral (select * from humdrum.job where job.id = place.job_id offset 0) as job
left join lateral (
  select error_class, error_message from humdrum.attempt where attempt.job_id = job.id order by number desc limit 1
) as last on true
where ($1::text[] is null or split_part(place.type, '@', 1) = any ($1)) and ($2::text[] is null or place.queue = any ($2))
  and ($7::bigint[] is null or place.job_id = any ($7))
  and ($8::text is null or job.schedule = $8)
  and ($3::text is null or last.error_class = $3)
  and ($4::text is null or strpos(lower(last.error_message), lower($4)) > 0)
  and ($5::timestamptz is null or job.created_at > $5) and ($6::timestamptz is null or job.created_at < $6)`;

/** For `fitting`; whoever adds one has $9. */
export function paramsOf(filter: JobFilter): unknown[] {
  const list = (given: string | readonly string[] | undefined): unknown =>
    given === undefined ? null : [given].flat();
  return [
    list(filter.type),
    list(filter.queue),
    filter.errorClass ?? null,
    filter.error ?? null,
    filter.createdAfter?.toISOString() ?? null,
    filter.createdBefore?.toISOString() ?? null,
    filter.ids ?? null,
    filter.schedule ?? null,
  ];
}

/** How many jobs an action would be done to. */
export async function countFor(db: Queryable, action: Action, filter: JobFilter): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*) ${fitting(action)}`,
    paramsOf(filter),
  );
  return rows[0]?.count ?? 0;
}

/**
 * Retries or cancels all jobs that fit, in batches of their own transactions, in the order of their ids, up to the newest
 * that there is now: what fails again meanwhile is not touched twice. Errors: `input-invalid`.
 */
export async function actOnAll(
  { database: db, notify }: Pick<Runtime, 'database' | 'notify'>,
  action: Action,
  filter: JobFilter,
  { actor, reason, overMs = 0, atMost, part, onProgress }: BulkAct,
): Promise<Acted> {
  checkAct(reason, overMs);
  const ids = await idsOf(db, action, filter, atMost ?? null, part?.afterId ?? 0);
  const { from: before, of } = part ?? { from: 0, of: ids.length };
  let done = 0;
  for (let from = 0; from < ids.length; from += BATCH) {
    const batch = ids.slice(from, from + BATCH);
    // Each batch has its part of the time, one after the other.
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

function checkAct(reason: string, overMs: number): void {
  if (reason.trim() === '') {
    throw new HumdrumError('input-invalid', 'Say why: the reason stands in the audit of each job.');
  }
  if (!(Number.isFinite(overMs) && overMs >= 0 && overMs <= 604_800_000)) {
    throw new HumdrumError('input-invalid', 'overMs is from 0 to 604,800,000 (a week).');
  }
}

async function idsOf(
  db: Queryable,
  action: Action,
  filter: JobFilter,
  atMost: number | null,
  afterId: number,
): Promise<number[]> {
  const { rows } = await db.query<{ ids: number[] | null }>(
    `select array_agg(id order by id) as ids
     from (select job.id ${fitting(action)} and place.job_id > $10 order by job.id limit $9) as first_ones`,
    [...paramsOf(filter), atMost, afterId],
  );
  return rows[0]?.ids ?? [];
}
