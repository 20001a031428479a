import type { Queryable } from '../../database/database.ts';

const PAGE = 5_000;
const MOST_PAGES = 20;

// A token bucket fills within its `per_ms`, and a full one is as good as none. Whoever uses a row has it locked: it is left to the
// next time, so that nobody waits here. Of a limit that is gone, a day is long enough.
const DROP = `
with page as materialized (select gate from humdrum.bucket where gate > $1 order by gate limit ${PAGE}),
filled as materialized (
  select bucket.gate from page join humdrum.bucket on bucket.gate = page.gate
  left join humdrum.limits on limits.name = split_part(page.gate, '/', 1)
  where bucket.wake_at is null
    and bucket.at < humdrum.clock() - coalesce(limits.per_ms, 86400000) * interval '1.001 milliseconds'
  for update of bucket skip locked
),
dropped as (delete from humdrum.bucket using filled where bucket.gate = filled.gate)
select max(gate) as last, count(*) as seen from page`;

/** Deletes the rows of token buckets that are full again: with a limit by key, there is one for each key that was ever used. */
export async function dropFullBuckets(db: Queryable): Promise<void> {
  let after = '';
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const { rows } = await db.query<{ last: string | null; seen: number }>(DROP, [after]);
    const { last = null, seen = 0 } = rows[0] ?? {};
    if (last === null || seen < PAGE) return;
    after = last;
  }
}
