import { HumdrumError } from '../../errors.ts';
import { oneOf, requireKind, required } from '../base/kinds.ts';
import { type Action, ACTIONS, statusesAllowing } from '../job/lifecycle.ts';
import {
  type CheckedQuery,
  checkQuery,
  type JobQuery,
  type NormalQuery,
  normalQuery,
} from '../search/job-query.ts';

const ACTION = required(oneOf(ACTIONS));

/** The jobs that match a query and have a status that allows the action. Errors: `input-invalid`, `filter-invalid`. */
export function actionable(action: Action, query: JobQuery): CheckedQuery {
  requireKind('input-invalid', 'The action', action, ACTION);
  const checked = checkQuery(query);
  const { statuses } = checked;
  const allowing = statusesAllowing(action);
  return {
    ...checked,
    statuses: allowing.filter((status) => statuses === null || statuses.includes(status)),
  };
}

/**
 * The query that lists just the jobs that an action would be done to. If none of its statuses allows the action, it keeps
 * them: no query lists nothing.
 */
export function actionableQuery(action: Action, query: JobQuery): NormalQuery {
  const asked = normalQuery(checkQuery(query));
  const { statuses } = actionable(action, query);
  return { ...asked, ...(statuses && statuses.length > 0 && { status: [...statuses] }) };
}

/** A query without a filter may be a mistake in a program: to act on all jobs, name their status. Errors: `input-invalid`. */
export function refuseEmpty(action: Action, query: JobQuery): void {
  requireKind('input-invalid', 'The action', action, ACTION);
  if (Object.keys(normalQuery(checkQuery(query))).length > 0) return;
  const all = statusesAllowing(action).join(' or ');
  throw new HumdrumError(
    'input-invalid',
    `Name at least one filter. To ${action} all jobs, filter by the status ${all}.`,
  );
}
