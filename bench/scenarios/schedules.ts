import { nowMs, sleep } from '../clock.ts';
import { numberFrom, onPostgres, type Rows } from '../databases.ts';
import type { Bench, Figures, Metric, Scale, Scenario } from '../scenario.ts';
import { serverCpuMs } from '../server-load.ts';
import { scheduled } from '../systems/humdrum.ts';

const DUE = 10;
const FIRST_TICK_WITHIN_MS = 60_000;
const seconds = ({ quick }: Scale): number => (quick ? 2 : 20);

/** Number of schedules, by the key used in the metrics. */
const COUNTS = {
  few: () => DUE,
  some: ({ jobs }: Scale) => Math.ceil(jobs / 100),
  many: ({ jobs }: Scale) => jobs,
};

const metricsOf = (name: string, label: string): Record<string, Metric> => ({
  [`${name}Start`]: { label: `${label}: start, ms`, better: 'less' },
  [`${name}Cpu`]: { label: 'CPU, ms/s', better: 'less', digits: 1 },
  [`${name}Rows`]: { label: 'rows read/s', better: 'less' },
});

export const scenario: Scenario = {
  title: 'Schedules',
  what: (scale) =>
    `${DUE} schedules with a tick each second, in three runs: alone; among ${COUNTS.some(scale).toLocaleString('en')}; and among ${COUNTS.many(scale).toLocaleString('en')}, of which all others have their next tick in half a year. Start: the first call of \`start()\`, which writes them down. Then, over ${seconds(scale)} s in which ${DUE} ticks are fired and ${DUE} jobs run each second: CPU time of the process and the server together, and rows of schedules and entries of their indexes that the server reads.`,
  metrics: {
    ...metricsOf('many', 'among all'),
    ...metricsOf('some', 'among some'),
    ...metricsOf('few', 'alone'),
  },
  settings: 'default',
  suits: (name) => name === 'humdrum',
  onDemand: true,
  async measure(bench) {
    const values: Record<string, number> = {};
    for (const [name, countOf] of Object.entries(COUNTS)) {
      const { start, cpu, rows } = (await tickingAmong(bench, countOf(bench.scale))).values;
      Object.assign(values, {
        [`${name}Start`]: start,
        [`${name}Cpu`]: cpu,
        [`${name}Rows`]: rows,
      });
    }
    return { values };
  },
};

async function tickingAmong(bench: Bench, count: number): Promise<Figures> {
  const place = await bench.fresh();
  const handlers = { ran: 0 };
  const humdrum = await scheduled(place, {
    crons: cronsOf(count),
    run: () => (handlers.ran += 1),
  });
  return onPostgres(place.postgres, async (query) => {
    const startMs = nowMs();
    await humdrum.start();
    const start = nowMs() - startMs;
    while (handlers.ran === 0) {
      if (nowMs() - startMs > FIRST_TICK_WITHIN_MS) throw new Error('No tick was fired.');
      await sleep(50);
    }
    const before = await look(query, handlers.ran);
    await sleep(seconds(bench.scale) * 1_000);
    const after = await look(query, handlers.ran);
    await humdrum.close();
    const took = (after.atMs - before.atMs) / 1_000;
    const ticks = (after.ran - before.ran) / DUE;
    if (ticks < Math.floor(took / 2))
      throw new Error(`Of ${Math.floor(took)} ticks, ${ticks} were fired.`);
    return {
      values: {
        start,
        cpu: (after.cpuMs - before.cpuMs) / took,
        rows: (after.rows - before.rows) / took,
      },
    };
  });
}

/** Some schedules are due every second, the others in half a year. */
function cronsOf(count: number): string[] {
  const month = ((new Date().getUTCMonth() + 6) % 12) + 1;
  return Array.from({ length: count }, (_, at) =>
    at < DUE ? '* * * * * *' : `${at % 60} ${at % 24} ${1 + (at % 28)} ${month} *`,
  );
}

interface Look {
  readonly atMs: number;
  readonly ran: number;
  /** Only of the worker process if the server's CPU time cannot be read. */
  readonly cpuMs: number;
  readonly rows: number;
}

async function look(query: Rows, ran: number): Promise<Look> {
  const { user, system } = process.cpuUsage();
  return {
    atMs: nowMs(),
    ran,
    cpuMs: (user + system) / 1_000 + ((await serverCpuMs(query)) ?? 0),
    rows: await numberFrom(query, READ),
  };
}

const READ = `
select (select seq_tup_read from pg_stat_user_tables where relid = 'humdrum.schedule'::regclass)
  + (select sum(idx_tup_read) from pg_stat_user_indexes where relid = 'humdrum.schedule'::regclass)`;
