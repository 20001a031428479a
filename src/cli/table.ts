import { oneLine, paintOf, textOf, widthOf, type Cell } from './cell.ts';
import { colors } from './colors.ts';

type Row = readonly Cell[];

const GAP = 2;
/** Columns up to this width are never cut: times, statuses, type names. */
const WHOLE = 22;
const INDENT = '  ';

/** Width of the terminal, or `COLUMNS`. Output to files and programs is not cut. */
function lineWidth(): number {
  const columns = process.stdout.columns ?? Number(process.env['COLUMNS']);
  return columns > 0 ? columns : Infinity;
}

/**
 * Formats a table with one line per row and numbers right-aligned. If it is too wide for the terminal, the last column, usually
 * the longest, moves below its row. If the rest is still too wide, each row becomes a list of names and values.
 */
export function table(head: readonly string[], rows: readonly Row[], empty: string): string {
  if (rows.length === 0) return colors.dim(empty);
  const room = lineWidth();
  const widths = fitted(head, rows, room);
  if (widths) return grid(head, rows, widths).join('\n');
  const last = head.length - 1;
  const fewer =
    typeof rows[0]?.[last] === 'number' ? null : fitted(head.slice(0, last), rows, room);
  if (fewer) return above(grid(head.slice(0, last), rows, fewer), head, rows, room);
  return rows.map((row) => listed(head, row)).join('\n\n');
}

/** Column widths that fit, cutting the widest first. Null if the columns that must not be cut do not fit. */
function fitted(head: readonly string[], rows: readonly Row[], width: number): number[] | null {
  const widths = head.map((word, at) =>
    Math.max(widthOf(word), ...rows.map((row) => widthOf(lineOf(row[at])))),
  );
  const sum = widths.reduce((all, one) => all + one, 0);
  for (let over = sum + GAP * (head.length - 1) - width; over > 0; over -= 1) {
    const widest = Math.max(...widths);
    if (widest <= WHOLE) return null;
    widths[widths.lastIndexOf(widest)] = widest - 1;
  }
  return widths;
}

/** The header and one line per row. */
function grid(head: readonly string[], rows: readonly Row[], widths: readonly number[]): string[] {
  const line = (cells: readonly Cell[], paint: (text: string, at: number) => string): string =>
    widths
      .map((width, at) => {
        const cut = oneLine(lineOf(cells[at]), width);
        const space = ' '.repeat(width - widthOf(cut));
        const isNumber = typeof rows[0]?.[at] === 'number';
        if (isNumber) return space + paint(cut, at);
        const isLast = at === widths.length - 1;
        return cut === '' && isLast ? '' : paint(cut, at) + (isLast ? '' : space);
      })
      .join(' '.repeat(GAP))
      .trimEnd();
  return [
    line(head, colors.dim),
    ...rows.map((row) => line(row, (text, at) => paintOf(row[at] ?? '')(text))),
  ];
}

/** Adds the last column below each line, cut to the width of the terminal. */
function above(
  [top = '', ...lines]: readonly string[],
  head: readonly string[],
  rows: readonly Row[],
  width: number,
): string {
  const below = (cell: Cell, paint: (text: string) => string): string[] => {
    const text = oneLine(lineOf(cell), width - INDENT.length);
    return text === '' ? [] : [INDENT + paint(text)];
  };
  const hasText = rows.some((row) => lineOf(row.at(-1)) !== '');
  return [
    top,
    ...(hasText ? below(head.at(-1) ?? '', colors.dim) : []),
    ...lines.flatMap((line, at) => {
      const cell = rows[at]?.at(-1) ?? '';
      return [line, ...below(cell, paintOf(cell))];
    }),
  ].join('\n');
}

/** A row as a list, if its columns do not fit on one line. */
function listed(head: readonly string[], row: Row): string {
  return facts(
    head.map((word, at) => [word, lineOf(row[at]) === '' ? null : (row[at] ?? null)] as const),
  );
}

const lineOf = (cell: Cell = ''): string => oneLine(textOf(cell), Infinity);

/** Formats name and value pairs, one per line. Omits pairs whose value is null. */
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
