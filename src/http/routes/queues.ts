import { listQueues, listWorkers } from '../contract/queues.ts';
import { route, type Route } from '../route.ts';

export const queueRoutes: readonly Route[] = [
  route(listQueues, async ({ humdrum }) => ({ queues: await humdrum.listQueues() })),
  route(listWorkers, async ({ humdrum }) => ({ workers: await humdrum.listWorkers() })),
];
