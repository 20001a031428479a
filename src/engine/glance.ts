import type { Queryable } from '../database/database.ts';
import type { Registry } from './registry.ts';
import { fewNames, untilNextTick } from './soonest.ts';
import { KEPT_ON } from './unique-keys.ts';

/** What there is to do, and in how many milliseconds there will be. Null: never, as far as one can see. */
export interface Glance {
  /** Jobs of these types may start. */
  ready: boolean;
  /** Queued jobs that have not started in time. */
  overdue: boolean;
  /** Unique keys that were held for a time, and are in nobody's way any more. */
  passedKeys: boolean;
  /** Somebody may go on. */
  calls: boolean;
  /** Something has happened that is not in the statistics yet. */
  unrolled: boolean;
  /** Until a lease passes whose worker is not heard of before. */
  lostMs: number | null;
  tickMs: number | null;
  dueMs: number | null;
  tokensMs: number | null;
}

/** What the statement answers: of the first jobs the types, of which this process may know thousands. */
type Row = Omit<Glance, 'ready'> & { heads: string[] };

/** Of a queue whose first jobs nobody here knows, so many are looked at. */
const HEAD = 100;

// The least of an index is one look at its end; `exists` would read the whole table where its statistics are old.
const GLANCE = `
with clock as materialized (select humdrum.clock() as now)
select
  array (
    select distinct head.type from unnest($1::text[]) as served (queue) cross join lateral (
      select type from humdrum.ready where ready.queue = served.queue order by rank, job_id limit ${HEAD}
    ) as head
  ) as heads,
  coalesce(least(
    (select min(start_by) from humdrum.ready), (select min(start_by) from humdrum.later), (select min(start_by) from humdrum.parked)
  ) <= clock.now, false) as overdue,
  coalesce((select min(until) from humdrum.unique_key) <= clock.now - ${KEPT_ON}, false) as "passedKeys",
  exists (select from humdrum.wake_call) as calls,
  exists (select from humdrum.roll_up_gap) or exists (
    select from humdrum.audit_id where is_called and last_value > coalesce((select to_id from humdrum.roll_up), 0)
  ) as unrolled,
  (
    select date_part('epoch', min(expires_at) - clock.now) * 1000
    from humdrum.lease join humdrum.worker on worker.id = lease.worker_id where isfinite(expires_at)
  ) as "lostMs",
  (select date_part('epoch', min(next_at) - clock.now) * 1000 from humdrum.schedule where name = any ($2::text[]) and isfinite(next_at)) as "tickMs",
  (select date_part('epoch', min(run_at) - clock.now) * 1000 from humdrum.later) as "dueMs",
  (select date_part('epoch', min(wake_at) - clock.now) * 1000 from humdrum.bucket where wake_at is not null) as "tokensMs"
from clock`;

/** One look at all that a worker sees to, which writes nothing. Of hundreds of schedules it asks with a second one. */
export async function glance(
  db: Queryable,
  { queues, types }: { queues: readonly string[]; types: Pick<Registry, 'known' | 'scheduled'> },
): Promise<Glance> {
  const few = fewNames(types.scheduled);
  const { rows } = await db.query<Row>(GLANCE, [queues, few ?? []]);
  const [seen] = rows;
  if (!seen) throw new Error('A look always sees something.');
  const { heads, tickMs, ...rest } = seen;
  return {
    ...rest,
    ready: heads.some((type) => types.known.has(type)),
    tickMs: few ? tickMs : await untilNextTick(db, types.scheduled),
  };
}

/** Whether the time for it has come. */
export const isDue = (ms: number | null): boolean => ms !== null && ms <= 0;
