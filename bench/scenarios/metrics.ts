import { drain } from '../drain.ts';
import type { Bench, Scenario } from '../scenario.ts';

/** Each goes first and last once, so that a machine that gets slower or faster is so for both. */
const TURNS = [false, true, true, false];

export const scenario: Scenario = {
  title: 'With metrics',
  what: ({ jobs }) =>
    `The drain of ${jobs.toLocaleString('en')} jobs without metrics and with metrics that are scraped each 5 seconds, twice each, in turns.`,
  metrics: {
    with: { label: 'with metrics, jobs/s', better: 'more' },
    without: { label: 'without, jobs/s', better: 'more' },
    kept: { label: 'of the rate is kept, %', better: 'more', digits: 1 },
  },
  settings: 'best',
  onDemand: true,
  suits: (_name, system) => system.workScraped !== undefined,
  async measure(bench) {
    const rates = { with: 0, without: 0 };
    for (const scraped of TURNS) {
      rates[scraped ? 'with' : 'without'] += (await rateOf(bench, scraped)) / 2;
    }
    return { values: { ...rates, kept: (100 * rates.with) / rates.without } };
  },
};

async function rateOf(bench: Bench, scraped: boolean): Promise<number> {
  const { jobs, quick } = bench.scale;
  const options = { jobs, withinMs: quick ? 10_000 : 60_000, task: { scraped } };
  return (await drain(bench, options)).values['rate'] ?? 0;
}
