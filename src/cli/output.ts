import type { Status } from '../engine/lifecycle.ts';
import { oneLine, painted, paintOf, textOf, widthOf, type Cell } from './cell.ts';
import { colors } from './colors.ts';

export { oneLine, painted, plain, type Cell } from './cell.ts';

/** Data goes to standard output, all else to standard error. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

/** One value a line: for what goes on. */
export function printJsonLine(value: unknown): void {
  print(JSON.stringify(value));
}

export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

const GAP = 2;
/** No column is cut below this. */
const NARROWEST = 8;

/** As wide as the terminal, or as `COLUMNS` says. What goes to a file or a program is not cut. */
function lineWidth(): number {
  const said = process.stdout.columns ?? Number(process.env['COLUMNS']);
  return said > 0 ? said : Infinity;
}

/** One line a row, numbers to the right. Where a line is too long for the terminal, the widest columns are cut. */
export function table(
  head: readonly string[],
  rows: readonly (readonly Cell[])[],
  empty: string,
): string {
  if (rows.length === 0) return colors.dim(empty);
  const texts = rows.map((row) => row.map((cell) => oneLine(textOf(cell), Infinity)));
  const wanted = head.map((word, at) =>
    Math.max(widthOf(word), ...texts.map((row) => widthOf(row[at] ?? ''))),
  );
  const widths = fitted(wanted, lineWidth() - GAP * (head.length - 1));
  const line = (cells: readonly string[], paint: (text: string, at: number) => string): string =>
    cells
      .map((text, at) => {
        const cut = oneLine(text, widths[at] ?? 0);
        const space = ' '.repeat((widths[at] ?? 0) - widthOf(cut));
        const isNumber = typeof rows[0]?.[at] === 'number';
        const isLast = at === head.length - 1;
        if (isNumber) return space + paint(cut, at);
        return cut === '' && isLast ? '' : paint(cut, at) + (isLast ? '' : space);
      })
      .join(' '.repeat(GAP))
      .trimEnd();
  return [
    line(head, (text) => colors.dim(text)),
    ...texts.map((row, index) => line(row, (text, at) => paintOf(rows[index]?.[at] ?? '')(text))),
  ].join('\n');
}

/** Takes from the widest columns until all of them fit, or none may give more. */
function fitted(wanted: readonly number[], room: number): number[] {
  const widths = [...wanted];
  let over = widths.reduce((sum, width) => sum + width, 0) - room;
  while (over > 0) {
    const widest = Math.max(...widths);
    if (widest <= NARROWEST) break;
    const at = widths.lastIndexOf(widest);
    widths[at] = widest - 1;
    over -= 1;
  }
  return widths;
}

/** Name and value, one a line, the names in one column. Without a value a name is left out. */
export function facts(pairs: readonly (readonly [Cell, Cell | null])[]): string {
  const width = Math.max(...pairs.map(([name]) => widthOf(textOf(name))));
  return pairs
    .flatMap(([name, value]) => {
      if (value === null) return [];
      const label = textOf(name);
      const paint = typeof name === 'object' ? name.paint : colors.dim;
      const text = textOf(value).replaceAll('\n', `\n${' '.repeat(width + GAP)}`);
      return [`${paint(label)}${' '.repeat(width - widthOf(label) + GAP)}${paintOf(value)(text)}`];
    })
    .join('\n');
}

const STATUS_COLOR: Record<Status, (text: string) => string> = {
  queued: colors.blue,
  running: colors.yellow,
  completed: colors.green,
  failed: colors.red,
  cancelled: colors.gray,
};

export function statusCell(status: Status): Cell {
  return painted(status, STATUS_COLOR[status]);
}

export function statusWord(status: Status): string {
  return STATUS_COLOR[status](status);
}

/** `2026-11-22 09:30:00`, in UTC, with milliseconds where they say something. */
export function instant(at: Date): string {
  return at
    .toISOString()
    .replace('T', ' ')
    .replace(/(\.000)?Z$/, '');
}

/** The same without milliseconds. */
export function second(at: Date): string {
  return instant(at).slice(0, 19);
}

export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1_000)} s`;
}

export function count(value: number): string {
  return value.toLocaleString('en');
}
