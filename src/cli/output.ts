import Table from 'cli-table3';
import colors from 'picocolors';
import type { Status } from '../engine/lifecycle.ts';

/** Data goes to standard output, all else to standard error. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

const PLAIN = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
};

export function table(head: string[], rows: (string | number)[][], empty: string): string {
  if (rows.length === 0) return colors.dim(empty);
  const drawn = new Table({
    head: head.map((word) => colors.dim(word)),
    chars: PLAIN,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    colAligns: head.map((_, column) => (typeof rows[0]?.[column] === 'number' ? 'right' : 'left')),
  });
  drawn.push(
    ...rows.map((row) => row.map((cell) => (typeof cell === 'number' ? count(cell) : cell))),
  );
  return drawn.toString().replaceAll(/ +$/gm, '');
}

/** Name and value, one a line, the names in one column. */
export function facts(pairs: readonly (readonly [string, string | null])[]): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs
    .filter((pair): pair is readonly [string, string] => pair[1] !== null)
    .map(
      ([name, value]) =>
        `${colors.dim(name.padEnd(width))}  ${value.replaceAll('\n', `\n${' '.repeat(width + 2)}`)}`,
    )
    .join('\n');
}

const STATUS_COLOR: Record<Status, (text: string) => string> = {
  queued: colors.blue,
  running: colors.yellow,
  completed: colors.green,
  failed: colors.red,
  cancelled: colors.gray,
};

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

/** The first line, cut to `width`. */
export function oneLine(text: string, width: number): string {
  const [line = ''] = text.split('\n');
  return line.length > width ? `${line.slice(0, width - 1)}…` : line;
}
