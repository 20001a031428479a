import { EventEmitter, once } from 'node:events';
import { nowMs, sleep } from '../clock.ts';
import { payload } from '../payload.ts';
import type { Bench, Scale, Scenario } from '../scenario.ts';
import { quantile } from '../statistics.ts';
import type { Place, Producer, Run, Running } from '../system.ts';

const WARM_UP = 5;
const samples = ({ quick }: Scale): number => (quick ? 10 : 200);
/** A job that has not started by then counts as lost. */
const STARTS_WITHIN_MS = 30_000;

export const scenario: Scenario = {
  title: 'Start of a job on an idle system',
  what: (scale) =>
    `From the call of enqueue to the first line of the handler, for ${samples(scale)} jobs, one after the other, 50 to 150 ms apart. Apart: producer and worker are two processes. Together: they are one.`,
  metrics: {
    apartMedian: { label: 'apart, median ms', better: 'less', digits: 1 },
    apartHigh: { label: 'apart, p99 ms', better: 'less', digits: 1 },
    togetherMedian: { label: 'together, median ms', better: 'less', digits: 1 },
    togetherHigh: { label: 'together, p99 ms', better: 'less', digits: 1 },
  },
  settings: 'best',
  chart: true,
  async measure(bench) {
    const apart = await timesApart(bench);
    const together = await timesTogether(bench);
    return {
      values: {
        apartMedian: quantile(apart, 0.5),
        apartHigh: quantile(apart, 0.99),
        togetherMedian: quantile(together, 0.5),
        togetherHigh: quantile(together, 0.99),
      },
    };
  },
};

async function timesApart(bench: Bench): Promise<number[]> {
  const place = await bench.fresh();
  const starts = new EventEmitter();
  const worker = await bench.worker(place, { tellStarts: true });
  worker.onStarted = (id, atMs) => starts.emit(String(id), atMs);
  await worker.go();
  const producer = await bench.system.produce(place, 'best');
  const times = await timeStarts(bench, producer, starts);
  await producer.close();
  await worker.stop();
  return times;
}

async function timesTogether(bench: Bench): Promise<number[]> {
  const place = await bench.fresh();
  const starts = new EventEmitter();
  const run: Run = ({ id }) => {
    const atMs = nowMs();
    setImmediate(() => starts.emit(String(id), atMs));
  };
  const { producer, running } = await both(bench, place, run);
  const times = await timeStarts(bench, producer, starts);
  await running.stop();
  await producer.close();
  return times;
}

async function both(
  { system }: Bench,
  place: Place,
  run: Run,
): Promise<{ producer: Producer; running: Running }> {
  if (system.together) return system.together(place, run);
  return {
    running: await system.work(place, 'best', run),
    producer: await system.produce(place, 'best'),
  };
}

async function timeStarts(
  { scale }: Bench,
  producer: Producer,
  starts: EventEmitter,
): Promise<number[]> {
  const times: number[] = [];
  for (let id = 0; id < WARM_UP + samples(scale); id += 1) {
    await sleep(50 + Math.random() * 100);
    const started = once(starts, String(id), { signal: AbortSignal.timeout(STARTS_WITHIN_MS) });
    const calledMs = nowMs();
    await producer.enqueue(payload(id));
    const [atMs] = (await started) as [number];
    if (id >= WARM_UP) times.push(atMs - calledMs);
  }
  return times;
}
