import { drain, DRAIN_METRICS } from '../drain.ts';
import type { Scenario } from '../scenario.ts';

export const scenario: Scenario = {
  title: 'Drain, at best settings',
  what: ({ jobs }) =>
    `${jobs.toLocaleString('en')} jobs are queued; then one worker process starts and empties the queue. The same once more with two worker processes.`,
  metrics: { ...DRAIN_METRICS, two: { label: 'two processes, jobs/s', better: 'more' } },
  settings: 'best',
  chart: true,
  async measure(bench) {
    const { jobs, quick } = bench.scale;
    const options = { jobs, withinMs: quick ? 10_000 : 60_000 };
    const one = await drain(bench, options);
    const two = await drain(bench, { ...options, processes: 2 });
    const notes = [one.note, two.note && `two processes: ${two.note}`].filter(Boolean);
    return {
      values: { ...one.values, two: two.values['rate'] ?? 0 },
      ...(notes.length > 0 ? { note: notes.join('; ') } : {}),
    };
  },
};
