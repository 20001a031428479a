import { nowMs } from '../clock.ts';
import { checkNothingIsLost, emptied, produce } from '../drain.ts';
import { payloads } from '../payload.ts';
import type { Scale, Scenario } from '../scenario.ts';

const PIECE = 1_000;
const jobsOf = ({ jobs }: Scale): number => jobs * 2;

export const scenario: Scenario = {
  title: 'Enqueue and drain at once',
  what: (scale) =>
    `One process enqueues ${jobsOf(scale).toLocaleString('en')} jobs, ${PIECE.toLocaleString('en')} a call and one call after the other, while a worker process runs them. No ANALYZE is run for the tables.`,
  metrics: {
    rate: { label: 'jobs/s through', better: 'more' },
    memory: { label: 'worker MiB', better: 'less' },
  },
  settings: 'best',
  chart: true,
  async measure(bench) {
    const jobs = jobsOf(bench.scale);
    const place = await bench.fresh();
    const worker = await bench.worker(place, { jobs });
    const watch = await bench.system.watch(place);
    await worker.go();
    let startMs = 0;
    await produce(bench, place, async (producer) => {
      startMs = nowMs();
      for (let from = 0; from < jobs; from += PIECE) {
        await producer.enqueueMany(payloads(Math.min(PIECE, jobs - from), from));
      }
    });
    const withinMs = bench.scale.quick ? 20_000 : 120_000;
    const whole = (await worker.milestone(withinMs)) !== null;
    const endMs = whole ? await emptied(watch) : nowMs();
    const tally = await worker.tally();
    await checkNothingIsLost(bench, { place, workers: [worker], watch, jobs, whole, tally });
    return {
      values: { rate: tally.jobs / ((endMs - startMs) / 1_000), memory: tally.maxRssMiB },
      ...(whole ? {} : { note: `stopped ${withinMs / 1_000} s after the last enqueue` }),
    };
  },
};
