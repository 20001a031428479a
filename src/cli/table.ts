import { oneLine, paintOf, textOf, widthOf, type Cell } from './cell.ts';
import { colors } from './colors.ts';

type Row = readonly Cell[];

const GAP = 2;
/** What is not wider is never cut: a time, a status, the name of a type. */
const WHOLE = 22;
const INDENT = '  ';

/** As wide as the terminal, or as `COLUMNS` says. What goes to a file or a program is not cut. */
function lineWidth(): number {
  const said = process.stdout.columns ?? Number(process.env['COLUMNS']);
  return said > 0 ? said : Infinity;
}

/**
 * One line a row, numbers to the right. Where that is too wide for the terminal, the last column, which has the most to say,
 * goes below its row; where the rest is too wide still, each row is a list of names and values.
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

/** The widths of the columns, the widest cut first. Null: what must not be cut does not fit. */
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

/** The head, and a line for each row. */
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

/** Below each line what the last column says, as far as the terminal is wide. */
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
  const isSaid = rows.some((row) => lineOf(row.at(-1)) !== '');
  return [
    top,
    ...(isSaid ? below(head.at(-1) ?? '', colors.dim) : []),
    ...lines.flatMap((line, at) => {
      const cell = rows[at]?.at(-1) ?? '';
      return [line, ...below(cell, paintOf(cell))];
    }),
  ].join('\n');
}

/** A row whose columns have no room beside each other. */
function listed(head: readonly string[], row: Row): string {
  return facts(
    head.map((word, at) => [word, lineOf(row[at]) === '' ? null : (row[at] ?? null)] as const),
  );
}

const lineOf = (cell: Cell = ''): string => oneLine(textOf(cell), Infinity);

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
