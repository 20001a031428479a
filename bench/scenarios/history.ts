import { createHumdrum } from '../../dist/index.js';
import { nowMs } from '../clock.ts';
import { produce } from '../drain.ts';
import { fillHistory, HISTORY_TYPES } from '../history-rows.ts';
import { timeQueries, type Timing } from '../page-queries.ts';
import { payloads } from '../payload.ts';
import type { Bench, Scale, Scenario } from '../scenario.ts';
import type { Place } from '../system.ts';

const WITHIN_MS = 120_000;
const TIMES = 30;
const historyOf = ({ jobs }: Scale): number => jobs * 100;

export const scenario: Scenario = {
  title: 'Beside a history',
  what: (scale) =>
    `How fast a worker process runs ${scale.jobs.toLocaleString('en')} jobs on an empty database, and where ${historyOf(scale).toLocaleString('en')} have ended before; and how long each question of a page of jobs takes there, asked ${TIMES} times in a row. Only Humdrum keeps one.`,
  metrics: {
    beside: { label: 'beside the history, jobs/s', better: 'more' },
    empty: { label: 'on an empty database, jobs/s', better: 'more' },
    slowest: { label: 'slowest question, median ms', better: 'less', digits: 1 },
    worst: { label: 'of all questions the worst, ms', better: 'less', digits: 1 },
  },
  settings: 'best',
  onDemand: true,
  suits: (name) => name === 'humdrum',
  async measure(bench) {
    const empty = await drainRate(bench, await bench.fresh());
    const place = await bench.fresh();
    await fillHistory(place.postgres, historyOf(bench.scale), (line) => console.error(line));
    const beside = await drainRate(bench, place);
    const humdrum = await createHumdrum({ database: place.postgres, jobs: HISTORY_TYPES });
    const timings = await timeQueries(humdrum, TIMES);
    await humdrum.close();
    return {
      values: {
        empty,
        beside,
        slowest: Math.max(...timings.map(({ medianMs }) => medianMs)),
        worst: Math.max(...timings.map(({ worstMs }) => worstMs)),
      },
      note: `median and worst ms: ${timings.map(inWords).join('; ')}`,
    };
  },
};

const inWords = ({ name, medianMs, worstMs }: Timing): string =>
  `${name} ${medianMs.toFixed(1)} and ${worstMs.toFixed(1)}`;

async function drainRate(bench: Bench, place: Place): Promise<number> {
  const { jobs } = bench.scale;
  const worker = await bench.worker(place, { jobs, milestone: jobs });
  await produce(bench, place, (producer) => producer.enqueueMany(payloads(jobs)));
  const startMs = nowMs();
  await worker.go();
  const endMs = (await worker.milestone(WITHIN_MS)) ?? nowMs();
  const tally = await worker.tally();
  await worker.stop();
  return tally.jobs / ((endMs - startMs) / 1_000);
}
