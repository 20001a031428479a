import type { Figures, Metric, Scale } from './scenario.ts';
import type { Setting, SettingsName } from './system.ts';

/** One run of one scenario on one system. */
export interface Outcome {
  readonly scenario: string;
  readonly system: string;
  readonly run: number;
  readonly figures?: Figures;
  /** Why the run has no figures. */
  readonly error?: string;
}

export interface ScenarioFacts {
  readonly name: string;
  readonly title: string;
  readonly what: string;
  readonly settings: SettingsName;
  readonly metrics: Readonly<Record<string, Metric>>;
  readonly chart: boolean;
}

export interface SystemFacts {
  readonly name: string;
  readonly title: string;
  readonly version: string;
  readonly settings: Readonly<Record<SettingsName, Setting>>;
  readonly writes: string;
}

/** All data of the report. */
export interface Results {
  readonly date: string;
  readonly command: string;
  readonly machine: string;
  readonly node: string;
  /** Version and settings by server. */
  readonly servers: Readonly<Record<string, string>>;
  readonly scale: Scale;
  readonly runs: number;
  readonly systems: readonly SystemFacts[];
  readonly scenarios: readonly ScenarioFacts[];
  readonly outcomes: readonly Outcome[];
}

/** Values of one metric in the order of the runs, omitting runs without it. */
export function valuesOf(
  { outcomes }: Results,
  scenario: string,
  system: string,
  metric: string,
): number[] {
  return outcomes.flatMap((outcome) =>
    outcome.scenario === scenario && outcome.system === system
      ? (outcome.figures?.values[metric] ?? [])
      : [],
  );
}

/** Factor by which the first system was better, for each run that has both. */
export function ratiosOf(
  results: Results,
  { name, metrics }: ScenarioFacts,
  first: string,
  other: string,
): number[] {
  const [metric, facts] = Object.entries(metrics)[0] ?? [];
  if (metric === undefined || facts === undefined) return [];
  const valueIn = (system: string, run: number): number | undefined =>
    results.outcomes.find(
      (one) => one.scenario === name && one.system === system && one.run === run,
    )?.figures?.values[metric];
  return Array.from({ length: results.runs }, (_, run) => {
    const ours = valueIn(first, run);
    const theirs = valueIn(other, run);
    if (ours === undefined || theirs === undefined) return [];
    const ratio = facts.better === 'more' ? ours / theirs : theirs / ours;
    return Number.isFinite(ratio) ? [ratio] : [];
  }).flat();
}
