import { nowMs } from '../clock.ts';
import { produce } from '../drain.ts';
import { payloads } from '../payload.ts';
import type { Bench, Scenario } from '../scenario.ts';

const WITHIN_MS = 60_000;
/** Each variant goes first and last once, so that a machine that slows down or speeds up affects both equally. */
const TURNS = [false, true, true, false];

export const scenario: Scenario = {
  title: 'With metrics',
  what: ({ jobs }) =>
    `How fast a worker process runs ${jobs.toLocaleString('en')} jobs, and its CPU time for each, without metrics and with metrics that are scraped each 5 seconds; twice each, in turns.`,
  metrics: {
    with: { label: 'with metrics, jobs/s', better: 'more' },
    without: { label: 'without, jobs/s', better: 'more' },
    kept: { label: 'of the rate is kept, %', better: 'more', digits: 1 },
    cpuWith: { label: 'with metrics, CPU µs/job', better: 'less', digits: 1 },
    cpuWithout: { label: 'without, CPU µs/job', better: 'less', digits: 1 },
  },
  settings: 'best',
  onDemand: true,
  suits: (_name, system) => system.workScraped !== undefined,
  async measure(bench) {
    const seen = { with: { rate: 0, cpu: 0 }, without: { rate: 0, cpu: 0 } };
    for (const scraped of TURNS) {
      const { rate, cpu } = await measureOne(bench, scraped);
      const of = scraped ? seen.with : seen.without;
      of.rate += rate / 2;
      of.cpu += cpu / 2;
    }
    return {
      values: {
        with: seen.with.rate,
        without: seen.without.rate,
        kept: (100 * seen.with.rate) / seen.without.rate,
        cpuWith: seen.with.cpu,
        cpuWithout: seen.without.cpu,
      },
    };
  },
};

async function measureOne(bench: Bench, scraped: boolean): Promise<{ rate: number; cpu: number }> {
  const { jobs } = bench.scale;
  const place = await bench.fresh();
  const worker = await bench.worker(place, { jobs, scraped });
  await produce(bench, place, (producer) => producer.enqueueMany(payloads(jobs)));
  const before = await worker.tally();
  const startMs = nowMs();
  await worker.go();
  const endMs = (await worker.milestone(WITHIN_MS)) ?? nowMs();
  const after = await worker.tally();
  await worker.stop();
  return {
    rate: after.jobs / ((endMs - startMs) / 1_000),
    cpu: ((after.cpuMs - before.cpuMs) * 1_000) / after.jobs,
  };
}
