import type { z } from 'zod';
import type { ListOptions } from '../../engine/search/job-query.ts';
import {
  cancelJob,
  enqueueJob,
  exportAttempt,
  type jobQuery,
  listChildren,
  listJobs,
  retryJob,
  showJob,
  whyJob,
} from '../contract/jobs.ts';
import { given } from '../given.ts';
import { route, type Route } from '../route.ts';

export const jobRoutes: readonly Route[] = [
  route(listJobs, async ({ humdrum, query: { order, limit, after, ...filter } }) =>
    humdrum.pageOfJobs({
      ...queryOf(filter),
      ...(order && { order }),
      ...(limit !== undefined && { limit }),
      ...(after !== undefined && { after }),
    }),
  ),

  route(enqueueJob, async ({ humdrum, identity, body }) => {
    const { type, input, uniqueKey, ...options } = body;
    const unique = uniqueKey === undefined ? {} : { unique: { key: uniqueKey } };
    return humdrum.enqueue(type, input, { ...given(options), ...unique, actor: identity.actor });
  }),

  route(showJob, async ({ humdrum, params }) => humdrum.showJob(params.id)),
  route(listChildren, async ({ humdrum, params, query }) =>
    humdrum.childrenOf(params.id, given(query)),
  ),
  route(exportAttempt, async ({ humdrum, params }) =>
    humdrum.exportAttempt(params.id, params.number),
  ),
  route(whyJob, async ({ humdrum, params }) => humdrum.why(params.id)),

  route(retryJob, async ({ humdrum, identity, params: { id }, body: { reason = null } }) => {
    await humdrum.retry(id, { actor: identity.actor, reason });
    return { id, status: (await humdrum.showJob(id)).status };
  }),

  route(cancelJob, async ({ humdrum, identity, params: { id }, body: { reason = null } }) => {
    await humdrum.cancel(id, { actor: identity.actor, reason });
    return { id, status: (await humdrum.showJob(id)).status };
  }),
];

/** Converts the query to the engine's options. */
export function queryOf({ id, attribute, ...rest }: z.output<typeof jobQuery>): ListOptions {
  const attributes = attribute?.map((text) => {
    const at = text.indexOf('=');
    return [text.slice(0, at), text.slice(at + 1)] as const;
  });
  return {
    ...given(rest),
    ...(id && { ids: id }),
    ...(attributes && { attributes: Object.fromEntries(attributes) }),
  };
}
