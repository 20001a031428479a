import type { Queryable } from '../database/database.ts';
import type { JobType } from './job-type.ts';

// A window counts from when it was first written down, or was written down otherwise.
const REGISTER = `
with given as (
  select * from unnest($1::text[], $2::bigint[], $3::bigint[]) as given (type, every_ms, expect_ms)
)
insert into humdrum.watched_type (type, every_ms, expect_ms, since, seen_at)
select type, every_ms, expect_ms, clock.now, clock.now from given, (select humdrum.clock() as now) as clock
where every_ms is not null or expect_ms is not null
  or exists (select from humdrum.watched_type where watched_type.type = given.type)
order by type
on conflict (type) do update set every_ms = excluded.every_ms, expect_ms = excluded.expect_ms, seen_at = excluded.seen_at,
  since = case when watched_type.every_ms is distinct from excluded.every_ms then excluded.since else watched_type.since end`;

/** Writes down what is to be expected of these types, for whichever process looks after it. */
export async function registerHealth(db: Queryable, types: readonly JobType[]): Promise<void> {
  if (types.length === 0) return;
  await db.query(REGISTER, [
    types.map(({ type }) => type),
    types.map(({ health }) => health.everyMs ?? null),
    types.map(({ health }) => health.expectMs ?? null),
  ]);
}
