import { Logger, makeWorkerUtils, run as runWorker, type TaskList } from 'graphile-worker';
import { watchPostgres } from '../../databases.ts';
import type { Payload, Place, Running, SettingsName, System } from '../../system.ts';

const TASK = 'bench';
const CONCURRENCY = 24;
const logger = new Logger(() => () => undefined);

/** As https://worker.graphile.org/docs/performance has it, and the project's perfTest/graphile.config.js. */
const FAST: GraphileConfig.WorkerOptions = {
  concurrentJobs: CONCURRENCY,
  maxPoolSize: CONCURRENCY + 1,
  localQueue: { size: 500, refetchDelay: { durationMs: 10 } },
  completeJobBatchDelay: 0,
  failJobBatchDelay: 0,
};

function presetFor({ postgres }: Place, settings: SettingsName): GraphileConfig.Preset {
  return {
    worker: { connectionString: postgres, logger, ...(settings === 'best' ? FAST : {}) },
  };
}

async function start(preset: GraphileConfig.Preset, taskList: TaskList): Promise<Running> {
  const runner = await runWorker({ preset, taskList, noHandleSignals: true, crontab: '' });
  return { stop: () => runner.stop() };
}

export const system: System = {
  title: 'graphile-worker',
  package: 'graphile-worker',
  store: 'postgres',
  settings: {
    best: {
      text: '`concurrentJobs` 24, `maxPoolSize` 25, `localQueue` of 500 with a `refetchDelay` of 10 ms, `completeJobBatchDelay` 0, `failJobBatchDelay` 0; bulk: one `addJobs` call',
      source: 'https://worker.graphile.org/docs/performance',
    },
    default: {
      text: 'defaults (`concurrentJobs` 1, no local queue)',
      source: 'https://worker.graphile.org/docs/config',
    },
  },
  writes: 'the write commits by itself (`withPgClient`), the completion later',

  async prepare(place, settings) {
    const utils = await makeWorkerUtils({ preset: presetFor(place, settings) });
    await utils.migrate();
    await utils.release();
  },

  async produce(place, settings) {
    const utils = await makeWorkerUtils({ preset: presetFor(place, settings) });
    return {
      enqueue: async (payload) => {
        await utils.addJob(TASK, payload);
      },
      enqueueMany: async (payloads, runAt) => {
        const when = runAt ? { runAt } : {};
        await utils.addJobs(payloads.map((payload) => ({ identifier: TASK, payload, ...when })));
      },
      close: async () => {
        await utils.release();
      },
    };
  },

  work: (place, settings, run) =>
    start(presetFor(place, settings), {
      [TASK]: (payload) => {
        run(payload as Payload);
      },
    }),

  workWithWrites: (place, concurrency, run) => {
    const { worker } = presetFor(place, 'best');
    // One more connection per writing job, as the documentation suggests.
    const sizes = { concurrentJobs: concurrency, maxPoolSize: concurrency + 2 };
    return start(
      { worker: { ...worker, ...sizes } },
      {
        [TASK]: (payload, helpers) =>
          run(payload as Payload, (sql, params) =>
            helpers.withPgClient((client) => client.query(sql, params)),
          ),
      },
    );
  },

  watch: ({ postgres }) =>
    watchPostgres(postgres, 'select count(*) from graphile_worker._private_jobs'),
};
