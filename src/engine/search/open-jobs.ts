import type { Queryable } from '../../database/database.ts';
import {
  ALL_PARAMS,
  inStretch,
  joinLastAttempt,
  joinMatchingJob,
  LAST_ATTEMPT_MATCHES,
  p,
  PARAMS,
  paramValues,
  ROW_TYPE,
  STATUS_TABLES,
} from './conditions.ts';
import type { CheckedQuery } from './job-query.ts';
import { conditionsOf } from './plan.ts';

/** The rest of a statement about open jobs. It knows them as `open.id`, `open.type` and `last.error_class`. */
export interface OpenJobs {
  /** `from … where …` */
  from: string;
  params: unknown[];
}

/** The first parameter that the caller may add behind those of `OpenJobs`. */
export const NEXT_PARAM = PARAMS.length + 1;

/**
 * All jobs that match a query whose statuses are given, without `completed`: unlike a page of a list, however many there
 * are. `withErrors`: look up `last.error_class` even if no condition needs it. Errors: `attribute-unknown`.
 */
export async function openJobs(
  db: Queryable,
  query: CheckedQuery,
  {
    afterId = 0,
    upToId = Infinity,
    withErrors = false,
  }: { afterId?: number; upToId?: number; withErrors?: boolean } = {},
): Promise<OpenJobs> {
  const { ids, params } = await conditionsOf(db, query);
  const values = {
    ...params,
    low: Math.max(ids?.low ?? 1, afterId + 1),
    high: Math.min(ids?.high ?? 0, upToId),
    most_seen: null,
    most_shown: null,
    most_blocks: null,
    probe: withErrors || params.probe,
  };
  return { from: fromSql(query), params: paramValues(values) };
}

function fromSql(query: CheckedQuery): string {
  const { statuses, ids } = query;
  const byIds = ids ? `and job_id = any (${p('ids')})` : '';
  const rows = STATUS_TABLES.filter(({ status }) => statuses?.includes(status)).map(
    ({ table, matches }) =>
      `select job_id as id, ${ROW_TYPE} as type from ${table} where ${inStretch('job_id')} ${byIds} and ${matches}`,
  );
  const none = 'select null::bigint as id, null as type where false';
  return `
from (select ${ALL_PARAMS}) as params
cross join (${rows.join('\n  union all ') || none}) as open
${needsJob(query) ? joinMatchingJob('open.id') : ''}
${joinLastAttempt('open.id')}
where ${LAST_ATTEMPT_MATCHES}`;
}

/** The tables of open jobs hold their type and queue. A look-up of the job itself costs as much as all the rest. */
function needsJob({ created, schedule, attributes }: CheckedQuery): boolean {
  return (created.from ?? created.to ?? schedule) !== null || attributes.length > 0;
}
