import {
  ratiosOf,
  valuesOf,
  type Results,
  type ScenarioFacts,
  type SystemFacts,
} from './results.ts';
import type { Metric } from './scenario.ts';
import { spread } from './statistics.ts';

/** The system that the others are compared with. */
export const OURS = 'humdrum';

/** Formats the results as Markdown. `chart`: name of the chart's file. */
export function report(results: Results, chart: string | null): string {
  return [
    `# Benchmark of ${results.date}`,
    `\`${results.command}\` on ${results.machine}, Node ${results.node}.`,
    Object.entries(results.servers)
      .map(([server, settings]) => `- ${server}: ${settings}`)
      .join('\n'),
    manner(results),
    ...(chart === null ? [] : [`![Medians of the main figures](${chart})`]),
    ...results.scenarios.flatMap((scenario) => section(results, scenario) ?? []),
    '## Versions and settings',
    table(
      ['system', 'version', 'best', 'default', 'a job that writes'],
      results.systems.map(settingsRow),
    ),
    '',
  ].join('\n\n');
}

function manner({ runs, scale }: Results): string {
  const quick = scale.quick
    ? ' **A quick run: it shows that everything works, and is too short to measure anything.**'
    : '';
  const figures =
    runs === 1
      ? 'One run'
      : `Medians of ${runs} runs, in brackets the least and the most; the systems take turns`;
  return (
    `${figures}. Handlers do nothing unless it says so, inputs are 100 bytes of JSON, and there is one worker process. Each measurement has processes and a database of its own; whatever empties or fills a queue ends with a count that nothing is lost. The ratio tells how many times better Humdrum was in the first column, run by run; below 1 it was worse.` +
    quick
  );
}

/** Null if the scenario has not been measured yet. */
function section(results: Results, scenario: ScenarioFacts): string | null {
  const metrics = Object.entries(scenario.metrics);
  const measured = results.systems.filter((system) =>
    results.outcomes.some((one) => one.scenario === scenario.name && one.system === system.name),
  );
  if (measured.length === 0) return null;
  const rows = measured.map((system) => [
    system.title,
    ...metrics.map(([name, metric]) =>
      cell(valuesOf(results, scenario.name, system.name, name), metric),
    ),
    system.name === OURS ? '' : ratio(ratiosOf(results, scenario, OURS, system.name)),
    remarks(results, scenario, system),
  ]);
  const heads = ['system', ...metrics.map(([, { label }]) => label), 'ratio', 'remarks'];
  return `## ${scenario.title}\n\n${scenario.what}\n\n${table(heads, rows, metrics.length + 1)}`;
}

function cell(values: readonly number[], metric: Metric): string {
  if (values.length === 0) return '–';
  const { median, least, most } = spread(values);
  const middle = figure(median, metric);
  return values.length === 1
    ? middle
    : `${middle} (${figure(least, metric)}–${figure(most, metric)})`;
}

/** Formats with the metric's decimals. Values below 10 get one decimal if the metric has none, so that they do not round to 0. */
export function figure(value: number, { digits = 0 }: Pick<Metric, 'digits'>): string {
  const places = value !== 0 && Math.abs(value) < 10 && digits === 0 ? 1 : digits;
  return value.toLocaleString('en', {
    minimumFractionDigits: value === 0 ? 0 : places,
    maximumFractionDigits: places,
  });
}

function ratio(values: readonly number[]): string {
  if (values.length === 0) return '–';
  const { median } = spread(values);
  return `${median.toLocaleString('en', { maximumSignificantDigits: median < 100 ? 2 : 3 })} ×`;
}

function remarks(results: Results, scenario: ScenarioFacts, system: SystemFacts): string {
  const own = results.outcomes.filter(
    (one) => one.scenario === scenario.name && one.system === system.name,
  );
  const notes = own.flatMap(({ figures, error }) => [
    ...(figures?.note === undefined ? [] : [figures.note]),
    ...(error === undefined ? [] : [`failed: ${firstLine(error)}`]),
  ]);
  return [...new Set(notes)].join('; ');
}

function firstLine(text: string): string {
  return (text.split('\n')[0] ?? '').replaceAll('|', String.raw`\|`);
}

function settingsRow({ title, version, settings, writes }: SystemFacts): string[] {
  const { best, default: plain } = settings;
  return [title, version, withSource(best), withSource(plain), writes];
}

function withSource({ text, source }: { text: string; source: string }): string {
  return source.startsWith('https:') ? `${text} ([source](${source}))` : text;
}

/** `numbers`: number of numeric columns after the first. */
function table(
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  numbers = 0,
): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const sides = heads.map((_, at) => (at >= 1 && at <= numbers ? '-:' : '-'));
  return [line(heads), line(sides), ...rows.map(line)].join('\n');
}
