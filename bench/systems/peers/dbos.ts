import { DBOS, DBOSClient } from '@dbos-inc/dbos-sdk';
import { Pool } from 'pg';
import { watchPostgres } from '../../databases.ts';
import { pieces } from '../../payload.ts';
import type { Payload, Place, Running, SettingsName, System } from '../../system.ts';

const APP = 'bench';
const QUEUE = 'bench';
const WORKFLOW = 'job';

/** `minPollingIntervalMs` and `workerConcurrency`: https://docs.dbos.dev/typescript/reference/queues. Numbers: the fastest of those tried. */
const FAST = { minPollingIntervalMs: 10, workerConcurrency: 500 };
const CONNECTIONS = 24;

/** Bulk enqueue: jobs per transaction, and concurrent transactions. */
const BULK = 1_000;
const BULKS_AT_ONCE = 4;

/** The current handler. DBOS has one registry per process, filled before launch, so the workflow calls this variable. */
let handle: (payload: Payload) => Promise<void> = () => Promise.resolve();

DBOS.registerWorkflow((payload: Payload) => handle(payload), { name: WORKFLOW });

const silent = {
  info: () => undefined,
  debug: () => undefined,
  warn: () => undefined,
  error: (entry: unknown) => console.error(entry),
};

async function launch({ postgres }: Place, settings: SettingsName): Promise<void> {
  DBOS.setConfig({
    name: APP,
    systemDatabaseUrl: postgres,
    executorID: `bench-${process.pid}`,
    applicationVersion: '1',
    logger: silent,
    ...(settings === 'best' ? { systemDatabasePoolSize: CONNECTIONS } : {}),
  });
  await DBOS.launch();
  await DBOS.registerQueue(QUEUE, settings === 'best' ? FAST : {});
}

async function work(
  place: Place,
  settings: SettingsName,
  run: (payload: Payload) => Promise<void>,
): Promise<Running> {
  handle = run;
  await launch(place, settings);
  return { stop: () => DBOS.shutdown() };
}

function optionsFor(at?: Date): { queueName: string; workflowName: string; delaySeconds?: number } {
  const delay = at ? { delaySeconds: (at.getTime() - Date.now()) / 1_000 } : {};
  return { queueName: QUEUE, workflowName: WORKFLOW, ...delay };
}

/** DBOS has no bulk call. One transaction for many jobs is the fastest way. */
async function enqueueMany(
  dbos: DBOSClient,
  pool: Pool,
  payloads: readonly Payload[],
  at?: Date,
): Promise<void> {
  const waiting = [...pieces(payloads, BULK)];
  const adders = Array.from({ length: Math.min(BULKS_AT_ONCE, waiting.length) }, async () => {
    const client = await pool.connect();
    for (let piece = waiting.shift(); piece; piece = waiting.shift()) {
      await client.query('begin');
      for (const payload of piece) await dbos.enqueueInTransaction(client, optionsFor(at), payload);
      await client.query('commit');
    }
    client.release();
  });
  await Promise.all(adders);
}

export const system: System = {
  title: 'DBOS',
  package: '@dbos-inc/dbos-sdk',
  store: 'postgres',
  settings: {
    best: {
      text: `\`minPollingIntervalMs\` ${FAST.minPollingIntervalMs}, \`workerConcurrency\` ${FAST.workerConcurrency}, \`systemDatabasePoolSize\` ${CONNECTIONS}; bulk: \`enqueueInTransaction\`, transactions of 1,000, four at a time`,
      source: 'https://docs.dbos.dev/typescript/reference/queues',
    },
    default: {
      text: 'defaults (polls each second, takes whatever is queued)',
      source: 'https://docs.dbos.dev/typescript/reference/queues',
    },
  },
  writes:
    'the write commits by itself (a pool of our own), the completion later. Its data sources, packages of their own, commit a write with the record of its step',

  async prepare(place, settings) {
    await launch(place, settings);
    await DBOS.shutdown();
  },

  async produce({ postgres }) {
    const pool = new Pool({ connectionString: postgres, max: CONNECTIONS });
    const dbos = await DBOSClient.create({
      systemDatabaseUrl: postgres,
      systemDatabasePool: pool,
      applicationName: APP,
      logger: silent,
    });
    return {
      enqueue: async (payload) => {
        await dbos.enqueue(optionsFor(), payload);
      },
      enqueueMany: (payloads, at) => enqueueMany(dbos, pool, payloads, at),
      close: async () => {
        await dbos.destroy();
        await pool.end();
      },
    };
  },

  work: (place, settings, run) =>
    work(place, settings, (payload) => {
      run(payload);
      return Promise.resolve();
    }),

  async workWithWrites(place, concurrency, run) {
    const pool = new Pool({ connectionString: place.postgres, max: concurrency });
    const running = await work(place, 'best', (payload) =>
      run(payload, (sql, params) => pool.query(sql, params)),
    );
    return {
      stop: async () => {
        await running.stop();
        await pool.end();
      },
    };
  },

  watch: ({ postgres }) =>
    watchPostgres(
      postgres,
      `select count(*) from dbos.workflow_status
       where queue_name = '${QUEUE}' and status in ('ENQUEUED', 'DELAYED', 'PENDING')`,
    ),
};
