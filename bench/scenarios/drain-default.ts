import { drain, DRAIN_METRICS } from '../drain.ts';
import type { Scale, Scenario } from '../scenario.ts';

const withinMs = ({ quick }: Scale): number => (quick ? 2_000 : 30_000);

export const scenario: Scenario = {
  title: 'Drain, at default settings',
  what: (scale) =>
    `The same with the settings that a new user gets. What is not done after ${withinMs(scale) / 1_000} s is not waited for.`,
  metrics: DRAIN_METRICS,
  settings: 'default',
  measure: (bench) =>
    drain(bench, { jobs: bench.scale.jobs, withinMs: withinMs(bench.scale), settings: 'default' }),
};
