import type { Status } from '../engine/job/lifecycle.ts';
import { painted, type Cell } from './cell.ts';
import { colors } from './colors.ts';

export { oneLine, painted, plain, type Cell } from './cell.ts';
export { facts, table } from './table.ts';

/** Prints data to standard output. Everything else goes to standard error. */
export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

export function printJson(value: unknown): void {
  print(JSON.stringify(value, null, 2));
}

/** Prints one value per line, for streams. */
export function printJsonLine(value: unknown): void {
  print(JSON.stringify(value));
}

export function say(text: string): void {
  process.stderr.write(`${text}\n`);
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

/** `2026-11-22 09:30:00` in UTC, with milliseconds unless they are zero. */
export function instant(at: Date): string {
  return at
    .toISOString()
    .replace('T', ' ')
    .replace(/(\.000)?Z$/, '');
}

/** Like `instant`, without milliseconds. */
export function second(at: Date): string {
  return instant(at).slice(0, 19);
}

export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1).replace(/\.0$/, '')} s`;
  const seconds = Math.round(ms / 1_000);
  return [
    [Math.floor(seconds / 3_600), 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ]
    .flatMap(([value, unit]) => (value === 0 ? [] : [`${value} ${unit}`]))
    .join(' ');
}

export function count(value: number): string {
  return value.toLocaleString('en');
}

/** `1 job`, `2 jobs`. */
export function amount(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? '' : 's'}`;
}
