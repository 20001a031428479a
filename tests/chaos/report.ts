import Table from 'cli-table3';

/** One thing that was looked at: of `count` cases, those in `misses` are not as they must be. */
export interface Finding {
  invariant: string;
  checked: string;
  count: number;
  misses: readonly string[];
}

export interface Report {
  seed: number;
  fence: boolean;
  findings: readonly Finding[];
  faults: ReadonlyMap<string, number>;
  /** What the engine told of itself, and what its audit holds. */
  events: ReadonlyMap<string, number>;
}

const EXAMPLES = 3;

export function missesIn({ findings }: Report): number {
  return findings.reduce((sum, { misses }) => sum + misses.length, 0);
}

export function printReport(report: Report): string {
  const table = plainTable(['', 'checked', 'count', 'misses']);
  for (const { invariant, checked, count, misses } of report.findings) {
    table.push([invariant, checked, count, misses.length]);
  }
  return [
    counted('fault', report.faults),
    counted('event', report.events),
    table.toString(),
    ...report.findings.flatMap(examplesOf),
    verdict(report),
  ].join('\n');
}

function counted(title: string, counts: ReadonlyMap<string, number>): string {
  const table = plainTable([title, 'times']);
  for (const [name, times] of [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    table.push([name, times]);
  }
  return table.toString();
}

function plainTable(head: string[]): Table.Table {
  return new Table({ head, style: { head: [], border: [], compact: true } });
}

function examplesOf({ invariant, checked, misses }: Finding): string[] {
  if (misses.length === 0) return [];
  return [`${invariant}, ${checked}:`, ...misses.slice(0, EXAMPLES).map((miss) => `  ${miss}`)];
}

function verdict(report: Report): string {
  const misses = missesIn(report);
  const run = `seed ${report.seed}, ${report.fence ? 'with' : 'without'} the fence`;
  return misses === 0 ? `Nothing missed: ${run}.` : `${misses} missed: ${run}.`;
}
