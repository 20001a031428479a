import { drain, DRAIN_METRICS } from '../drain.ts';
import type { Scenario } from '../scenario.ts';

export const scenario: Scenario = {
  title: 'Drain, at best settings',
  what: ({ jobs }) =>
    `${jobs.toLocaleString('en')} jobs are queued; then one worker process starts and empties the queue.`,
  metrics: DRAIN_METRICS,
  settings: 'best',
  chart: true,
  measure: (bench) =>
    drain(bench, { jobs: bench.scale.jobs, withinMs: bench.scale.quick ? 10_000 : 60_000 }),
};
