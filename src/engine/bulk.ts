import type { Database, Queryable } from '../database/database.ts';
import { HumdrumError } from '../errors.ts';
import { cancel } from './cancel.ts';
import { retry } from './retry.ts';

/** Which of the jobs that an action is allowed for. All that are given must fit. */
export interface JobFilter {
  type?: string;
  queue?: string;
  /** Of the last attempt, exactly: `Timeout`, `WorkerLost`, `TypeError`. */
  errorClass?: string;
  /** Text that the last attempt's error message contains, in any case. */
  error?: string;
  /** When the job was created. */
  createdAfter?: Date;
  createdBefore?: Date;
}

export interface BulkAct {
  actor: string;
  reason: string;
  /** Of a retry: spread evenly over so many milliseconds. Default: at once. */
  overMs?: number;
  /** Told after each batch. */
  onProgress?: (done: number) => void;
}

const BATCH = 1_000;

const PLACES = {
  retry: 'select job_id from humdrum.failed',
  cancel: `select job_id from humdrum.failed union all select job_id from humdrum.ready
    union all select job_id from humdrum.later union all select job_id from humdrum.parked`,
};

// OFFSET 0 pins the order of look-ups: where the jobs are, then each by its key.
const matching = (action: 'retry' | 'cancel'): string => `
from (${PLACES[action]}) as place
cross join lateral (select * from humdrum.job where job.id = place.job_id offset 0) as job
left join lateral (
  select error_class, error_message from humdrum.attempt where attempt.job_id = job.id order by number desc limit 1
) as last on true
where ($1::text is null or job.type = $1) and ($2::text is null or job.queue = $2)
  and ($3::text is null or last.error_class = $3)
  and ($4::text is null or strpos(lower(last.error_message), lower($4)) > 0)
  and ($5::timestamptz is null or job.created_at > $5) and ($6::timestamptz is null or job.created_at < $6)`;

function paramsOf(filter: JobFilter): unknown[] {
  return [
    filter.type ?? null,
    filter.queue ?? null,
    filter.errorClass ?? null,
    filter.error ?? null,
    filter.createdAfter?.toISOString() ?? null,
    filter.createdBefore?.toISOString() ?? null,
  ];
}

/** How many jobs an action would be done to. */
export async function countFor(
  db: Queryable,
  action: 'retry' | 'cancel',
  filter: JobFilter,
): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*) ${matching(action)}`,
    paramsOf(filter),
  );
  return rows[0]?.count ?? 0;
}

/**
 * Retries or cancels all jobs that fit, in batches of their own transactions, in the order of their ids, up to the newest
 * that there is now: what fails again meanwhile is not touched twice. Answers how many. Errors: `input-invalid`.
 */
export async function actOnAll(
  db: Database,
  action: 'retry' | 'cancel',
  filter: JobFilter,
  { actor, reason, overMs = 0, onProgress }: BulkAct,
): Promise<number> {
  checkAct(reason, overMs);
  const ids = await idsOf(db, action, filter);
  let done = 0;
  for (let from = 0; from < ids.length; from += BATCH) {
    const batch = ids.slice(from, from + BATCH);
    // Each batch has its part of the time, one after the other.
    const afterMs = (overMs * from) / ids.length;
    const acted =
      action === 'retry'
        ? await retry(db, batch, {
            actor,
            reason,
            afterMs,
            overMs: (overMs * batch.length) / ids.length,
          })
        : await cancel(db, batch, { actor, reason });
    done += acted.length;
    onProgress?.(done);
  }
  return done;
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
  action: 'retry' | 'cancel',
  filter: JobFilter,
): Promise<number[]> {
  const { rows } = await db.query<{ ids: number[] | null }>(
    `select array_agg(job.id order by job.id) as ids ${matching(action)}`,
    paramsOf(filter),
  );
  return rows[0]?.ids ?? [];
}
