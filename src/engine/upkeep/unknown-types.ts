import type { Queryable } from '../../database/database.ts';

const HEADS = `
select distinct head.type from unnest($1::text[]) as served (queue) cross join lateral (
  select type from humdrum.ready where ready.queue = served.queue order by rank, job_id limit 100
) as head order by 1`;

/**
 * Signatures (type with version) of ready jobs in these queues that are not in `known`. Reads only the first 100 jobs of
 * each queue: jobs that no worker claims end up there.
 */
export async function unknownTypes(
  db: Queryable,
  queues: readonly string[],
  known: ReadonlySet<string>,
): Promise<string[]> {
  const { rows } = await db.query<{ type: string }>(HEADS, [queues]);
  return rows.map(({ type }) => type).filter((type) => !known.has(type));
}
