import { HumdrumError } from '../../errors.ts';
import { listDeadLetters, listReceivers, redeliver } from '../contract/effects.ts';
import { given } from '../given.ts';
import { route, type Route } from '../route.ts';

export const effectRoutes: readonly Route[] = [
  route(listReceivers, async ({ humdrum }) => ({ receivers: await humdrum.listReceivers() })),

  route(listDeadLetters, async ({ humdrum, query }) => humdrum.deadLetters(given(query))),

  route(redeliver, async ({ humdrum, identity, params: { id }, body: { reason = null } }) => {
    const { type } = await humdrum.showJob(id);
    const receivers = await humdrum.listReceivers();
    if (!receivers.some(({ name }) => name === type)) {
      throw new HumdrumError('action-refused', `Job ${id} is not a delivery. Its type is ${type}.`);
    }
    await humdrum.retry(id, { actor: identity.actor, reason });
    return { id, status: (await humdrum.showJob(id)).status };
  }),
];
