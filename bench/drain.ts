import { nowMs, sleep } from './clock.ts';
import { onPostgres, walPosition } from './databases.ts';
import { payloads } from './payload.ts';
import type { Bench, Figures, Metric } from './scenario.ts';
import type { Place, Producer, SettingsName, Watch } from './system.ts';
import type { Tally, WorkerProcess, WorkerTask } from './worker-process.ts';

/** Metrics of all scenarios that drain a queue. */
export const DRAIN_METRICS = {
  rate: { label: 'jobs/s', better: 'more' },
  walBytes: { label: 'WAL bytes/job', better: 'less' },
  memory: { label: 'worker MiB', better: 'less' },
} satisfies Record<string, Metric>;

export interface DrainOptions {
  readonly jobs: number;
  /** Time limit. A system that has not finished by then is measured by the jobs it has run. */
  readonly withinMs: number;
  /** Number of worker processes. Default: 1. */
  readonly processes?: number;
  readonly task?: Partial<WorkerTask>;
  readonly settings?: SettingsName;
}

/** Time limit for storing completions after the last job has run. */
const SETTLED_WITHIN_MS = 30_000;

/** Connects a producer, passes it to a function, and disconnects it. */
export async function produce(
  { system }: Bench,
  place: Place,
  use: (producer: Producer) => Promise<void>,
  settings: SettingsName = 'best',
): Promise<void> {
  const producer = await system.produce(place, settings);
  await use(producer);
  await producer.close();
}

/** Waits until no jobs are open and returns that time. */
export async function emptied(watch: Watch, withinMs = SETTLED_WITHIN_MS): Promise<number> {
  const untilMs = nowMs() + withinMs;
  for (;;) {
    const open = await watch.open();
    if (open === 0) return nowMs();
    if (nowMs() > untilMs) throw new Error(`All jobs have run, and ${open} are still open.`);
    await sleep(5);
  }
}

/** Fills the queue of a fresh store, then drains it with worker processes. */
export async function drain(bench: Bench, options: DrainOptions): Promise<Figures> {
  const { jobs, settings } = options;
  const place = await bench.fresh();
  await produce(bench, place, (producer) => producer.enqueueMany(payloads(jobs)), settings);
  return emptyQueue(bench, place, options);
}

/** Measures from the start of the workers until no jobs are open. */
export async function emptyQueue(
  bench: Bench,
  place: Place,
  { jobs, withinMs, processes = 1, task }: DrainOptions,
): Promise<Figures> {
  const workers: WorkerProcess[] = [];
  while (workers.length < processes) workers.push(await bench.worker(place, { jobs, ...task }));
  const watch = await bench.system.watch(place);
  return onPostgres(place.postgres, async (query) => {
    const walBefore = await walPosition(query);
    const startMs = nowMs();
    await Promise.all(workers.map((worker) => worker.go()));
    const whole = await allHaveRun(workers, jobs, withinMs);
    const endMs = whole ? await emptied(watch) : nowMs();
    const walBytes = (await walPosition(query)) - walBefore;
    const tally = await tallyOf(workers);
    await checkNothingIsLost(bench, { place, workers, watch, jobs, whole, tally });
    const notes = [
      ...(whole ? [] : [`stopped after ${Math.round(withinMs / 1_000)} s`]),
      ...(tally.runs > tally.jobs ? [`${tally.runs - tally.jobs} ran again`] : []),
    ];
    return {
      values: {
        rate: tally.jobs / ((endMs - startMs) / 1_000),
        ...(bench.system.store === 'postgres' ? { walBytes: walBytes / tally.jobs } : {}),
        memory: tally.maxRssMiB,
      },
      ...(notes.length > 0 ? { note: notes.join(', ') } : {}),
    };
  });
}

/** False if the time limit passed first. */
async function allHaveRun(
  workers: readonly WorkerProcess[],
  jobs: number,
  withinMs: number,
): Promise<boolean> {
  const [worker, ...others] = workers;
  if (worker && others.length === 0) return (await worker.milestone(withinMs)) !== null;
  const untilMs = nowMs() + withinMs;
  while (nowMs() < untilMs) {
    if ((await tallyOf(workers)).jobs >= jobs) return true;
    await sleep(10);
  }
  return false;
}

/** Totals of all workers. A job that ran in two processes counts twice. Memory is the maximum of one process. */
async function tallyOf(workers: readonly WorkerProcess[]): Promise<Tally> {
  const all = await Promise.all(workers.map((worker) => worker.tally()));
  const sum = (of: (tally: Tally) => number): number => all.reduce((so, one) => so + of(one), 0);
  return {
    runs: sum(({ runs }) => runs),
    jobs: sum(({ jobs }) => jobs),
    cpuMs: sum(({ cpuMs }) => cpuMs),
    maxRssMiB: Math.max(...all.map(({ maxRssMiB }) => maxRssMiB)),
  };
}

interface Drained {
  place: Place;
  workers: readonly WorkerProcess[];
  watch: Watch;
  jobs: number;
  whole: boolean;
  tally: Tally;
}

/** Verifies that no job was lost or unrecorded, because the rate would be meaningless. */
export async function checkNothingIsLost(bench: Bench, drained: Drained): Promise<void> {
  const { place, workers, watch, jobs, whole, tally } = drained;
  const counts = await Promise.all(workers.map((worker) => worker.stop()));
  const open = await watch.open();
  await watch.close();
  if (whole) await bench.system.verify?.(place, jobs);
  // The workers kept running after the measurement, until they were stopped.
  const ran = whole
    ? tally.jobs
    : counts.reduce((sum, count) => sum + (count?.jobs ?? 0), 0) || tally.jobs;
  if (whole ? ran !== jobs || open > 0 : ran === 0 || ran + open < jobs) {
    throw new Error(`Of ${jobs} jobs, ${ran} have run and ${open} are open.`);
  }
}
