import { createHumdrum, defineJob, type Humdrum, type JobType } from '../../dist/index.js';
import { collectMetrics } from '../../dist/telemetry/index.js';
import { z } from 'zod';
import { onPostgres, watchPostgres } from '../databases.ts';
import type { Payload, Place, Producer, Running, System } from '../system.ts';

const input = z.object({ id: z.number(), pad: z.string() });

/** Name of the job type. Producers enqueue by name. */
const JOB = 'bench.job';

function jobThat(run: (payload: Payload) => void): JobType<Payload> {
  return defineJob({
    type: JOB,
    input,
    run: (_ctx, payload) => {
      run(payload);
      return null;
    },
  });
}

async function started(humdrum: Humdrum): Promise<Running> {
  await humdrum.start();
  return { stop: () => humdrum.close() };
}

export function producerOf(humdrum: Humdrum): Producer {
  return {
    enqueue: async (payload) => {
      await humdrum.enqueue(JOB, payload);
    },
    enqueueMany: async (payloads, runAt) => {
      const when = runAt ? { runAt } : {};
      await humdrum.enqueueMany(payloads.map((one) => ({ type: JOB, input: one, ...when })));
    },
    close: () => humdrum.close(),
  };
}

/** Runs on PGlite in memory. */
export async function embedded(run: (payload: Payload) => void): Promise<Humdrum> {
  return createHumdrum({ jobs: [jobThat(run)] });
}

/** Runs a job type for each of these schedules. */
export async function scheduled(
  { postgres }: Place,
  { crons, run }: { crons: readonly string[]; run: () => void },
): Promise<Humdrum> {
  const nothing = z.object({});
  const jobs = crons.map((cron, at) =>
    defineJob({
      type: `bench.tick-${at}`,
      input: nothing,
      schedule: { cron },
      run: () => {
        run();
        return null;
      },
    }),
  );
  return createHumdrum({ database: postgres, jobs });
}

/** Verifies that each job has an attempt and three audit rows. */
export async function verifyRecords(
  query: (sql: string) => Promise<readonly unknown[]>,
  jobs: number,
): Promise<void> {
  const [seen] = await query(
    `select (select count(*) from humdrum.attempt where status = 'completed')::float8 as attempts,
       (select count(*) from humdrum.audit where event in ('created', 'started', 'completed'))::float8 as audit`,
  );
  const found = JSON.stringify(seen);
  if (found === JSON.stringify({ attempts: jobs, audit: jobs * 3 })) return;
  throw new Error(`${jobs} jobs ought to leave ${jobs * 3} audit rows; found ${found}.`);
}

const SCRAPE_MS = 5_000;

const DEFAULTS = {
  text: 'defaults (`concurrency` 10); audit, attempts, fencing and heartbeats are always on',
  source: 'README.md',
};

export const system: System = {
  title: 'Humdrum',
  package: null,
  store: 'postgres',
  settings: { best: DEFAULTS, default: DEFAULTS },
  writes: 'the write and the completion are one transaction (`ctx.db`)',

  async prepare({ postgres }: Place) {
    await (await createHumdrum({ database: postgres })).close();
  },

  async produce({ postgres }: Place) {
    return producerOf(
      await createHumdrum({ database: postgres, jobs: [jobThat(() => undefined)] }),
    );
  },

  async work({ postgres }, _settings, run) {
    return started(await createHumdrum({ database: postgres, jobs: [jobThat(run)] }));
  },

  async workScraped({ postgres }, run) {
    const humdrum = await createHumdrum({ database: postgres, jobs: [jobThat(run)] });
    const metrics = collectMetrics(humdrum);
    const timer = setInterval(() => void metrics.text(), SCRAPE_MS);
    const running = await started(humdrum);
    return {
      stop: async () => {
        clearInterval(timer);
        await running.stop();
      },
    };
  },

  async workWithWrites({ postgres }, concurrency, run) {
    const job = defineJob({
      type: JOB,
      input,
      run: async (ctx, payload) => {
        await run(payload, (sql, params) => ctx.db.query(sql, params));
        return null;
      },
    });
    return started(
      await createHumdrum({ database: postgres, jobs: [job], worker: { concurrency } }),
    );
  },

  async together({ postgres }, run) {
    const humdrum = await createHumdrum({ database: postgres, jobs: [jobThat(run)] });
    return { producer: producerOf(humdrum), running: await started(humdrum) };
  },

  watch: ({ postgres }) =>
    watchPostgres(
      postgres,
      `select (select count(*) from humdrum.ready) + (select count(*) from humdrum.later)
         + (select coalesce(sum(cardinality(jobs)), 0) from humdrum.lease) as open`,
    ),

  verify: ({ postgres }, jobs) => onPostgres(postgres, (query) => verifyRecords(query, jobs)),
};
