import type { Queryable } from '../../src/database/database.ts';
import { STATUSES, type ExecutionStats, type TypeCounts } from '../../src/index.ts';

/** Counts jobs by type and status, and attempts, row by row. */
export async function recount(db: Queryable): Promise<[TypeCounts[], ExecutionStats]> {
  const { rows: jobs } = await db.query<TypeCounts>(
    `select type, ${STATUSES.map((status) => `count(*) filter (where status = '${status}') as ${status}`).join(', ')}
     from humdrum.jobs group by type order by type`,
  );
  const { rows } = await db.query<{ total: number; completed: number }>(
    `select count(*) as total, count(*) filter (where status = '${STATUSES[2]}') as completed from humdrum.attempt`,
  );
  const { total, completed } = rows[0] ?? { total: 0, completed: 0 };
  return [
    jobs,
    {
      totalExecutions: total,
      successfulExecutions: completed,
      failedExecutions: total - completed,
      successRate: total === 0 ? 0 : Math.round((completed / total) * 10_000) / 100,
    },
  ];
}
