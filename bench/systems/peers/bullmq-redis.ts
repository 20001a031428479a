import { Queue, Worker, type ConnectionOptions } from 'bullmq';
import { Redis } from 'ioredis';
import type { Place, System } from '../../system.ts';
import { BEST, bullmqOn, QUEUE, type Backend } from './bullmq/adapter.ts';

/** No limit to retries, as a worker needs it: https://docs.bullmq.io/guide/going-to-production */
function connectionTo({ redis }: Place): ConnectionOptions {
  if (redis === null) throw new Error('BullMQ on Redis needs a Redis.');
  return { url: redis, maxRetriesPerRequest: null };
}

const backend: Backend = {
  queue: (place, settings) => new Queue(QUEUE, { connection: connectionTo(place), ...settings }),
  worker: (place, processor, settings) =>
    new Worker(QUEUE, processor, { connection: connectionTo(place), ...settings }),
};

export const system: System = {
  title: 'BullMQ on Redis',
  package: 'bullmq',
  store: 'redis',
  settings: {
    best: { text: BEST, source: 'https://docs.bullmq.io/guide/workers/concurrency' },
    default: {
      text: 'defaults (`concurrency` 1, completed jobs are kept)',
      source: 'https://docs.bullmq.io/guide/workers',
    },
  },
  ...bullmqOn(backend),

  async prepare({ redis }) {
    if (redis === null) throw new Error('BullMQ on Redis needs a Redis.');
    const client = new Redis(redis);
    await client.flushall();
    await client.quit();
  },
};
