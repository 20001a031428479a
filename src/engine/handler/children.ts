import type { Queryable } from '../../database/database.ts';
import type { ChildReport } from '../job/context.ts';
import type { Failure } from '../job/failure.ts';

const CHILDREN = `
select id, type, status, result, error_class as "errorClass", error_message as "errorMessage"
from humdrum.jobs where parent_id = $1`;

/** The children of a job, in the order they were requested. */
export async function childReports(db: Queryable, parentId: number): Promise<ChildReport[]> {
  const { rows } = await db.query<ChildReport>(`${CHILDREN} order by id`, [parentId]);
  return rows;
}

/** Why a job with `onFailure: 'fail'` must not run. Null if all its children have completed. */
export async function childFailure(db: Queryable, parentId: number): Promise<Failure | null> {
  const { rows } = await db.query<ChildReport & { count: number }>(
    `select *, count(*) over () as count from (${CHILDREN} and status <> 'completed') as open order by id limit 1`,
    [parentId],
  );
  const [first] = rows;
  if (!first) return null;
  const cause = first.errorMessage === null ? '' : `: ${first.errorMessage}`;
  const others = first.count > 1 ? `, and ${first.count - 1} more` : '';
  const message = `A child has not completed: job ${first.id} (${first.type}) is ${first.status}${cause}${others}`;
  return {
    error: { class: 'ChildFailed', message, stack: null },
    permanent: true,
    retryAfterMs: null,
  };
}
