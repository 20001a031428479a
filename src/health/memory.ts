import type { Queryable } from '../database/database.ts';
import { CHECK_HEALTH } from './kinds.ts';
import type { WatchedType } from './watched-type.ts';

/** What a check knows about the types: from earlier checks, and from what has happened since. */
export interface Memory {
  now: Date;
  types: WatchedType[];
  /** The longest run of each type that ended since the last check, rounded down. */
  ended: { type: string; ms: number }[];
  /** What the next check starts from. */
  next: { countedTo: Date; types: WatchedType[] };
}

const MINUTE_MS = 60_000;
/** What is recorded in a minute may become visible a little later, so the most recent minutes are counted again. */
const DOUBT_MS = 5 * MINUTE_MS;
const DAY_MS = 86_400_000;
/** A type that no worker has known for this long is gone, and is checked no more. */
const FORGET = `interval '7 days'`;

const TAKE_TURN = `
with made as (
  insert into humdrum.health_check (counted_to) select humdrum.clock() - interval '1 day' on conflict do nothing
)
select humdrum.clock() as now`;

const LAST = `
select counted_to as "countedTo", checked_at as "checkedAt", humdrum.clock() as now from humdrum.health_check for update`;

const KNOWN_BY_WORKERS = `
update humdrum.watched_type set seen_at = humdrum.clock()
where seen_at < humdrum.clock() - interval '1 hour' and type in (
  select split_part(known, '@', 1) from humdrum.worker cross join lateral unnest(types) as known where expires_at > humdrum.clock()
)`;

const GONE = `delete from humdrum.watched_type where seen_at < humdrum.clock() - ${FORGET}`;

// A schedule without a tick to come does not count.
const WATCHED = `
select type, every_ms as "everyMs", expect_ms as "expectMs", since, last_success_at as "lastSuccessAt", failures, given_up as "givenUp",
  case when schedule.name is not null then
    json_build_object('cron', cron, 'timeZone', time_zone, 'nextAt', next_at, 'patienceMs', patience_ms)
  end as schedule
from humdrum.watched_type
left join humdrum.schedule on name = type and patience_ms is not null and isfinite(next_at) and name <> '${CHECK_HEALTH}'
order by type`;

const AFTER_LAST = '(success.last is null or start > success.last)';
const AFTER_FINAL = 'start < $2 and (success.final is null or start > success.final)';

// What has happened since $1, by type. Before $2 it is final. Run times since $3 are new.
const SINCE = `
with tail as materialized (
  select type, minute, event, run, times from humdrum.tally(humdrum.tail())
  where type is not null and minute >= $1 and event in ('completed', 'failed', 'retried')
),
piece as materialized (
  select type, start, completed, failed, greatest(failed - retried, 0) as given_up, run_times from humdrum.statistic where seconds = 60 and start >= $1
  union all
  select type, minute, coalesce(sum(times) filter (where event = 'completed'), 0)::bigint,
    coalesce(sum(times) filter (where event = 'failed'), 0)::bigint,
    greatest(coalesce(sum(times) filter (where event = 'failed'), 0) - coalesce(sum(times) filter (where event = 'retried'), 0), 0)::bigint,
    humdrum.histogram(run, times)
  from tail group by type, minute
),
success as (
  select type, max(start) filter (where completed > 0) as last, max(start) filter (where completed > 0 and start < $2) as final
  from piece group by type
)
select type, success.last as "lastSuccess", success.final as "finalSuccess",
  coalesce(sum(failed) filter (where ${AFTER_LAST}), 0)::bigint as failures,
  coalesce(sum(given_up) filter (where ${AFTER_LAST}), 0)::bigint as "givenUp",
  coalesce(sum(failed) filter (where ${AFTER_FINAL}), 0)::bigint as "finalFailures",
  coalesce(sum(given_up) filter (where ${AFTER_FINAL}), 0)::bigint as "finalGivenUp",
  humdrum.sum_counts(run_times) filter (where start >= $3) as "runTimes"
from piece join success using (type) group by type, success.last, success.final`;

interface Since {
  type: string;
  lastSuccess: Date | null;
  finalSuccess: Date | null;
  failures: number;
  givenUp: number;
  finalFailures: number;
  finalGivenUp: number;
  runTimes: (number | null)[] | null;
}

/** Locks: a second check waits until the first has ended. */
export async function remember(db: Queryable): Promise<Memory> {
  await db.query(TAKE_TURN);
  const { rows } = await db.query<{ countedTo: Date; checkedAt: Date | null; now: Date }>(LAST);
  const [last] = rows;
  if (!last) throw new Error('humdrum.health_check has no row.');
  await db.query(KNOWN_BY_WORKERS);
  await db.query(GONE);
  const { now } = last;
  const from = new Date(Math.max(last.countedTo.getTime(), now.getTime() - 31 * DAY_MS));
  const countedTo = new Date(Math.max(from.getTime(), wholeMinute(now.getTime() - DOUBT_MS)));
  const newFrom = new Date(wholeMinute(last.checkedAt?.getTime() ?? now.getTime() - DOUBT_MS));
  const known = await db.query<WatchedType>(WATCHED);
  const since = await db.query<Since>(SINCE, [
    from.toISOString(),
    countedTo.toISOString(),
    newFrom.toISOString(),
  ]);
  return remembered({ now, countedTo, known: known.rows, since: since.rows });
}

const wholeMinute = (ms: number): number => Math.floor(ms / MINUTE_MS) * MINUTE_MS;

function remembered(seen: {
  now: Date;
  countedTo: Date;
  known: readonly WatchedType[];
  since: readonly Since[];
}): Memory {
  const { now, countedTo, since } = seen;
  const known = new Map(seen.known.map((type) => [type.type, type]));
  const changed = since.map((news) => {
    const nothing = { everyMs: null, expectMs: null, schedule: null, failures: 0, givenUp: 0 };
    const before = known.get(news.type) ?? {
      ...nothing,
      type: news.type,
      since: now,
      lastSuccessAt: null,
    };
    const after = (success: Date | null, failures: number, givenUp: number): WatchedType => ({
      ...before,
      lastSuccessAt: success ?? before.lastSuccessAt,
      failures: success ? failures : before.failures + failures,
      givenUp: success ? givenUp : before.givenUp + givenUp,
    });
    return {
      now: after(news.lastSuccess, news.failures, news.givenUp),
      next: after(news.finalSuccess, news.finalFailures, news.finalGivenUp),
    };
  });
  for (const { now: type } of changed) known.set(type.type, type);
  return {
    now,
    types: [...known.values()],
    ended: since.flatMap(({ type, runTimes }) => {
      const bucket = runTimes?.findLastIndex((times) => (times ?? 0) > 0) ?? -1;
      return bucket > 0 ? [{ type, ms: 2 ** ((bucket - 1) / 4) }] : [];
    }),
    next: { countedTo, types: changed.map(({ next }) => next) },
  };
}

const KEEP = `
with checked as (
  update humdrum.health_check set counted_to = $1, checked_at = $2
)
insert into humdrum.watched_type (type, since, seen_at, last_success_at, failures, given_up)
select type, $2, $2, last_success_at, failures, given_up
from unnest($3::text[], $4::timestamptz[], $5::bigint[], $6::bigint[]) as given (type, last_success_at, failures, given_up) order by type
on conflict (type) do update set last_success_at = excluded.last_success_at, failures = excluded.failures,
  given_up = excluded.given_up`;

/** Stores where the next check starts, in the transaction of this one. */
export async function keep(db: Queryable, { now, next }: Memory): Promise<void> {
  await db.query(KEEP, [
    next.countedTo.toISOString(),
    now.toISOString(),
    next.types.map(({ type }) => type),
    next.types.map(({ lastSuccessAt }) => lastSuccessAt?.toISOString() ?? null),
    next.types.map(({ failures }) => failures),
    next.types.map(({ givenUp }) => givenUp),
  ]);
}
