import { fromParams } from '../contract/job-query.ts';
import {
  cancelJob,
  enqueueJob,
  exportAttempt,
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
    humdrum.pageOfJobs(given({ ...fromParams(filter), order, limit, after })),
  ),

  route(enqueueJob, async ({ humdrum, identity, body }) => {
    const { type, input, unique, ...options } = body;
    return humdrum.enqueue(type, input, {
      ...given(options),
      ...(unique && { unique: given(unique) }),
      actor: identity.actor,
    });
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
