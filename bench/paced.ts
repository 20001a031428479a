import { nowMs, sleep } from './clock.ts';
import { onPostgres, type Rows } from './databases.ts';
import { payload, payloads } from './payload.ts';
import type { Bench, Figures, Metric, Scale } from './scenario.ts';
import { deadRows, serverCpuMs } from './server-load.ts';
import { quantile } from './statistics.ts';
import type { Place, Producer, Watch } from './system.ts';
import type { WorkerProcess } from './worker-process.ts';

const RATE = 500;
/** Jobs per enqueue call. */
const PIECE = 10;
const EVERY_MS = (PIECE / RATE) * 1_000;
/** How long to wait after the last job is due for jobs that have not started. */
const LATE_MS = 30_000;

/** Lasts 10 minutes at the default scale. */
export const jobsOf = ({ jobs }: Scale): number => Math.ceil((jobs * 3) / PIECE) * PIECE;

/** Length of the two windows measured: the first and last minute, or the first and last third of a short run. */
const windowSeconds = (scale: Scale): number => Math.min(60, jobsOf(scale) / RATE / 3);

export function whatIsPaced(scale: Scale): string {
  const seconds = (value: number): string => `${Number(value.toFixed(1))} s`;
  return `One process enqueues ${RATE} jobs a second for ${seconds(jobsOf(scale) / RATE)}, ${PIECE} a call, by the clock and whether earlier calls were answered or not; a worker process runs them. The first and the last ${seconds(windowSeconds(scale))} are looked at. Latency is from the instant at which a job was to be enqueued to the first line of its handler; what had not started ${LATE_MS / 1_000} s after the end counts as started then. Dead rows are those at the end, of all tables.`;
}

export const PACED_METRICS = {
  rate: { label: 'jobs/s completed at last', better: 'more' },
  medianFirst: { label: 'median ms at first', better: 'less', digits: 1 },
  medianLast: { label: 'at last', better: 'less', digits: 1 },
  highFirst: { label: 'p99 ms at first', better: 'less', digits: 1 },
  highLast: { label: 'at last', better: 'less', digits: 1 },
  serverFirst: { label: 'server CPU ms/s at first', better: 'less' },
  serverLast: { label: 'at last', better: 'less' },
  workerFirst: { label: 'worker CPU ms/s at first', better: 'less' },
  workerLast: { label: 'at last', better: 'less' },
  dead: { label: 'dead rows', better: 'less' },
} satisfies Record<string, Metric>;

/** Runs 500 jobs per second and measures the beginning and the end. */
export async function paced(bench: Bench, place: Place): Promise<Figures> {
  const jobs = jobsOf(bench.scale);
  const worker = await bench.worker(place, { jobs: jobs + 1, tellStarts: true });
  const starts = new Float64Array(jobs);
  worker.onStarted = (id, atMs) => {
    if (id < jobs && starts[id] === 0) starts[id] = atMs;
  };
  await worker.go();
  const producer = await bench.system.produce(place, 'best');
  await producer.enqueue(payload(jobs)); // connects
  const watch = await bench.system.watch(place);
  return onPostgres(place.postgres, async (query) => {
    const pace = new Pace(producer, jobs);
    const looks = await looksDuring(pace, { query, watch, worker }, bench.scale);
    await startedAll(starts, LATE_MS);
    const values = figuresOf({ starts, looks, fromMs: pace.startMs, scale: bench.scale });
    const dead = await deadRows(query);
    await pace.answered();
    await producer.close();
    const missing = starts.filter((atMs) => atMs === 0).length;
    const open = await watch.open();
    await watch.close();
    await worker.stop();
    if (open < missing) throw new Error(`${missing} jobs have not run, and ${open} are open.`);
    return {
      values: { ...values, dead },
      ...(missing > 0 ? { note: `${missing} had not started ${LATE_MS / 1_000} s later` } : {}),
    };
  });
}

/** Enqueues at a fixed rate. Late calls are made up for at once. */
class Pace {
  readonly startMs = nowMs();
  readonly ended: Promise<void>;
  readonly #producer: Producer;
  readonly #calls: Promise<void>[] = [];
  /** Number of jobs stored. */
  stored = 0;

  constructor(producer: Producer, jobs: number) {
    this.#producer = producer;
    this.ended = this.#run(jobs);
  }

  /** Waits for all calls. Throws the error of a failed call. */
  async answered(): Promise<void> {
    await Promise.all(this.#calls);
  }

  async #run(jobs: number): Promise<void> {
    for (let from = 0; from < jobs; from += PIECE) {
      const waitMs = this.startMs + dueAfterMs(from) - nowMs();
      if (waitMs > 0) await sleep(waitMs);
      const call = this.#enqueue(from);
      call.catch(() => undefined); // The error is reported at the end.
      this.#calls.push(call);
    }
    await sleep(Math.max(0, this.startMs + dueAfterMs(jobs) - nowMs()));
  }

  async #enqueue(from: number): Promise<void> {
    await this.#producer.enqueueMany(payloads(PIECE, from));
    this.stored += PIECE;
  }
}

const dueAfterMs = (id: number): number => Math.floor(id / PIECE) * EVERY_MS;

interface Look {
  readonly atMs: number;
  readonly completed: number;
  /** Null if it cannot be determined. */
  readonly serverMs: number | null;
  readonly workerMs: number;
}

interface Looker {
  query: Rows;
  watch: Watch;
  worker: WorkerProcess;
}

/** Samples at the start and the end of the first and the last window. */
async function looksDuring(pace: Pace, looker: Looker, scale: Scale): Promise<Look[]> {
  const wholeMs = dueAfterMs(jobsOf(scale));
  const windowMs = windowSeconds(scale) * 1_000;
  const looks = [await look(pace, looker)];
  for (const afterMs of [windowMs, wholeMs - windowMs]) {
    await sleep(pace.startMs + afterMs - nowMs());
    looks.push(await look(pace, looker));
  }
  await pace.ended;
  return [...looks, await look(pace, looker)];
}

async function look(pace: Pace, { query, watch, worker }: Looker): Promise<Look> {
  const completed = pace.stored - (await watch.open());
  return {
    atMs: nowMs(),
    completed,
    serverMs: await serverCpuMs(query),
    workerMs: (await worker.tally()).cpuMs,
  };
}

async function startedAll(starts: Float64Array, withinMs: number): Promise<void> {
  const untilMs = nowMs() + withinMs;
  while (starts.includes(0) && nowMs() < untilMs) await sleep(20);
}

interface Paced {
  starts: Float64Array;
  looks: Look[];
  fromMs: number;
  scale: Scale;
}

function figuresOf({ starts, looks, fromMs, scale }: Paced): Record<string, number> {
  const untilMs = nowMs();
  const latencies = Array.from(starts, (atMs, id) => (atMs || untilMs) - fromMs - dueAfterMs(id));
  const count = Math.ceil(windowSeconds(scale) * RATE);
  const first = latencies.slice(0, count);
  const last = latencies.slice(-count);
  const [begin, , late, end] = looks as [Look, Look, Look, Look];
  const [, early] = looks as [Look, Look];
  return {
    rate: perSecond(late, end, ({ completed }) => completed) ?? 0,
    medianFirst: quantile(first, 0.5),
    medianLast: quantile(last, 0.5),
    highFirst: quantile(first, 0.99),
    highLast: quantile(last, 0.99),
    ...serverFigures('serverFirst', begin, early),
    ...serverFigures('serverLast', late, end),
    workerFirst: perSecond(begin, early, ({ workerMs }) => workerMs) ?? 0,
    workerLast: perSecond(late, end, ({ workerMs }) => workerMs) ?? 0,
  };
}

function serverFigures(name: string, from: Look, to: Look): Record<string, number> {
  const used = perSecond(from, to, ({ serverMs }) => serverMs);
  return used === null ? {} : { [name]: used };
}

function perSecond(from: Look, to: Look, of: (look: Look) => number | null): number | null {
  const [before, after] = [of(from), of(to)];
  if (before === null || after === null) return null;
  return (after - before) / ((to.atMs - from.atMs) / 1_000);
}
