import type { Outcome, Results, ScenarioFacts, SystemFacts } from '../../bench/results.ts';

const settings = {
  best: { text: 'fast', source: 'https://example.com' },
  default: { text: 'plain', source: 'README.md' },
};

const system = (name: string, title: string): SystemFacts => ({
  name,
  title,
  version: '1.0.0',
  settings,
  writes: 'together',
});

export const DRAIN: ScenarioFacts = {
  name: 'drain',
  title: 'Drain',
  what: 'A queue is emptied.',
  settings: 'best',
  metrics: { rate: { label: 'jobs/s', better: 'more' } },
  chart: true,
};

export const LATENCY: ScenarioFacts = {
  name: 'latency',
  title: 'Start',
  what: 'A job starts.',
  settings: 'best',
  metrics: { median: { label: 'ms', better: 'less', digits: 1 } },
  chart: true,
};

/** The rate, or whatever the scenario's metric is, by system and run. */
export function outcomesOf(
  { name, metrics }: ScenarioFacts,
  values: Readonly<Record<string, readonly number[]>>,
): Outcome[] {
  const [metric = ''] = Object.keys(metrics);
  return Object.entries(values).flatMap(([systemName, runs]) =>
    runs.map((value, run) => ({
      scenario: name,
      system: systemName,
      run,
      figures: { values: { [metric]: value } },
    })),
  );
}

export function resultsWith(outcomes: readonly Outcome[], runs: number): Results {
  return {
    date: '2026-01-01',
    command: 'npm run bench',
    machine: 'a machine',
    node: 'v24.0.0',
    servers: { 'PostgreSQL 18': 'stock settings' },
    scale: { jobs: 100, quick: false },
    runs,
    systems: [system('humdrum', 'Humdrum'), system('peer', 'The <other> one')],
    scenarios: [DRAIN, LATENCY],
    outcomes,
  };
}
