import { createPostgresBackend, runMigrations, withBackend } from 'bullmq';
import { Client } from 'pg';
import type { System } from '../../system.ts';
import { BEST, bullmqOn, QUEUE, type Backend } from './bullmq/adapter.ts';

const { Queue, Worker } = withBackend(createPostgresBackend);

/** "Give each backend enough pool connections for its concurrency"; more than this many only queue up at the server. */
const CONNECTIONS = 24;

const backend: Backend = {
  queue: ({ postgres }, settings) =>
    new Queue(QUEUE, {
      connection: { connectionString: postgres, max: CONNECTIONS },
      ...settings,
    }),
  worker: ({ postgres }, processor, settings) =>
    new Worker(QUEUE, processor, {
      connection: {
        connectionString: postgres,
        ...(settings.concurrency === undefined ? {} : { max: CONNECTIONS }),
      },
      ...settings,
    }),
};

export const system: System = {
  title: 'BullMQ on PostgreSQL',
  package: 'bullmq',
  store: 'postgres',
  settings: {
    best: {
      text: `${BEST}; a pool of ${CONNECTIONS}`,
      source: 'https://docs.bullmq.io/guide/postgresql',
    },
    default: {
      text: 'defaults (`concurrency` 1, completed jobs are kept)',
      source: 'https://docs.bullmq.io/guide/postgresql',
    },
  },
  ...bullmqOn(backend),

  async prepare({ postgres }) {
    const client = new Client({ connectionString: postgres });
    await client.connect();
    await runMigrations(client);
    await client.end();
  },
};
