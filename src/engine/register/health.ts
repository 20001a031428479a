import type { Queryable } from '../../database/database.ts';
import type { JobType } from '../job/job-type.ts';

// `since` is when a rule was first recorded or last changed: expectations count from it. An unchanged row is rewritten at most
// once an hour, since every process registers all its types when it starts.
const REGISTER = `
with given as (
  select * from unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], $5::bigint[])
    as given (type, every_ms, expect_ms, rule, patience_ms)
)
insert into humdrum.watched_type (type, every_ms, expect_ms, rule, patience_ms, since, seen_at)
select given.*, clock.now, clock.now from given, (select humdrum.clock() as now) as clock
where every_ms is not null or expect_ms is not null or rule is not null
  or exists (select from humdrum.watched_type where watched_type.type = given.type)
order by type
on conflict (type) do update set every_ms = excluded.every_ms, expect_ms = excluded.expect_ms, rule = excluded.rule,
  patience_ms = excluded.patience_ms, seen_at = excluded.seen_at,
  since = case when (watched_type.every_ms, watched_type.rule) is distinct from (excluded.every_ms, excluded.rule)
    then excluded.since else watched_type.since end
where (watched_type.every_ms, watched_type.expect_ms, watched_type.rule, watched_type.patience_ms)
    is distinct from (excluded.every_ms, excluded.expect_ms, excluded.rule, excluded.patience_ms)
  or watched_type.seen_at < excluded.seen_at - interval '1 hour'`;

/** How late any tick may be: a worker may be restarting, or a handler may be slow. */
const PATIENCE_MS = 600_000;

/** Records the health rules of these types for the alerts, which may run in another process. */
export async function registerHealth(db: Queryable, types: readonly JobType[]): Promise<void> {
  if (types.length === 0) return;
  await db.query(REGISTER, [
    types.map(({ type }) => type),
    types.map(({ health }) => health.everyMs ?? null),
    types.map(({ health }) => health.expectMs ?? null),
    types.map(({ schedule }) => schedule && `${schedule.cron} ${schedule.timeZone}`),
    types.map(
      ({ schedule, health }) =>
        schedule && PATIENCE_MS + schedule.jitterMs + (health.expectMs ?? 0),
    ),
  ]);
}
