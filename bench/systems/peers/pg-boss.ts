import { Pool } from 'pg';
import { PgBoss, type ConstructorOptions, type WorkOptions } from 'pg-boss';
import { watchPostgres } from '../../databases.ts';
import { pieces } from '../../payload.ts';
import type { Payload, Place, Running, SettingsName, System } from '../../system.ts';

const QUEUE = 'bench';

/** LISTEN/NOTIFY, batches, and no wait after a full batch: https://pgboss.io/api/workers. Sizes: the fastest of those tried. */
const FAST: WorkOptions = { batchSize: 1_000, localConcurrency: 2, burstWhenBatchFull: true };

/** Rows per `insert` call. More are not faster. */
const INSERTED_AT_ONCE = 5_000;

async function open(
  { postgres }: Place,
  settings: SettingsName,
  options: ConstructorOptions = {},
): Promise<PgBoss> {
  const boss = new PgBoss({
    connectionString: postgres,
    useListenNotify: settings === 'best',
    ...options,
  });
  boss.on('error', (error) => {
    console.error(error);
  });
  await boss.start();
  return boss;
}

export const system: System = {
  title: 'pg-boss',
  package: 'pg-boss',
  store: 'postgres',
  settings: {
    best: {
      text: '`batchSize` 1,000, `localConcurrency` 2, `burstWhenBatchFull`, `useListenNotify` with a `notify` queue; bulk: `insert` of 5,000',
      source: 'https://pgboss.io/api/workers',
    },
    default: {
      text: 'defaults (one job every 2 s)',
      source: 'https://pgboss.io/api/workers',
    },
  },
  writes:
    'the write commits by itself (a pool of our own), the completion of its batch later. Its `transactional` workers commit both together, by the batch; with one job a batch they cannot burst and wait for their polls',

  async prepare(place, settings) {
    const boss = await open(place, settings);
    await boss.createQueue(QUEUE, settings === 'best' ? { notify: true } : {});
    await boss.stop({ graceful: false });
  },

  async produce(place, settings) {
    // Every process must call start. One that only sends needs no supervision.
    const boss = await open(place, settings, {
      supervise: false,
      schedule: false,
      useListenNotify: false,
    });
    return {
      enqueue: async (payload) => {
        await boss.send(QUEUE, payload);
      },
      enqueueMany: async (payloads, startAfter) => {
        const when = startAfter ? { startAfter } : {};
        for (const piece of pieces(payloads, INSERTED_AT_ONCE)) {
          await boss.insert(
            QUEUE,
            piece.map((data) => ({ data, ...when })),
          );
        }
      },
      close: () => boss.stop({ graceful: false }),
    };
  },

  async work(place, settings, run): Promise<Running> {
    const boss = await open(place, settings);
    const options = settings === 'best' ? FAST : {};
    await boss.work<Payload>(QUEUE, options, (jobs) => {
      for (const { data } of jobs) run(data);
      return Promise.resolve();
    });
    return { stop: () => boss.stop({ graceful: false }) };
  },

  async workWithWrites(place, concurrency, run): Promise<Running> {
    const boss = await open(place, 'best');
    const pool = new Pool({ connectionString: place.postgres, max: concurrency });
    const localConcurrency = 4;
    const batchSize = Math.ceil(concurrency / localConcurrency);
    await boss.work<Payload>(QUEUE, { ...FAST, localConcurrency, batchSize }, async (jobs) => {
      await Promise.all(
        jobs.map(({ data }) => run(data, (sql, params) => pool.query(sql, params))),
      );
    });
    return {
      stop: async () => {
        await boss.stop({ graceful: false });
        await pool.end();
      },
    };
  },

  watch: ({ postgres }) =>
    watchPostgres(
      postgres,
      `select count(*) from pgboss.job where name = '${QUEUE}' and state < 'completed'`,
    ),
};
