/** The process of one measurement: one run of one scenario on one system. Sends the figures, or the error. */
import { loadScenario, loadSystem } from './catalogue.ts';
import { createDatabase, dropDatabase } from './databases.ts';
import type { Bench, Figures, Scale } from './scenario.ts';
import { WorkerProcess } from './worker-process.ts';

export interface Measurement {
  readonly scenario: string;
  readonly system: string;
  readonly scale: Scale;
  /** The server's URL, with a role that can create databases. */
  readonly postgres: string;
  readonly redis: string | null;
}

const measurement = JSON.parse(process.argv[2] ?? '') as Measurement;
const scenario = await loadScenario(measurement.scenario);
const system = await loadSystem(measurement.system);
const databases: string[] = [];
const workers: WorkerProcess[] = [];

const bench: Bench = {
  system,
  scale: measurement.scale,
  server: measurement.postgres,
  async fresh() {
    const postgres = await createDatabase(measurement.postgres);
    databases.push(postgres);
    const place = { postgres, redis: measurement.redis };
    await system.prepare(place, scenario.settings);
    return place;
  },
  async worker(place, task = {}) {
    const { settings } = scenario;
    const { jobs } = measurement.scale;
    const worker = await WorkerProcess.load({
      system: measurement.system,
      settings,
      jobs,
      place,
      ...task,
    });
    workers.push(worker);
    return worker;
  },
};

async function measured(): Promise<Figures> {
  try {
    return await scenario.measure(bench);
  } finally {
    for (const worker of workers) await worker.stop();
    for (const url of databases) await dropDatabase(measurement.postgres, url);
  }
}

process.once('disconnect', () => process.exit());
const figures = await measured();
process.send?.(figures, () => process.exit());
