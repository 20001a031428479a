import { afterEach, expect, it, vi } from 'vitest';
import { widthOf } from '../../src/cli/cell.ts';
import { table } from '../../src/cli/table.ts';
import { duration } from '../../src/cli/output.ts';

afterEach(() => vi.unstubAllEnvs());

const HEAD = ['id', 'type', 'jobs', 'last error'];
const ROWS = [
  ['7', 'shop.send-invoice', 12_000, 'Error: the mail server said 451, try again later'],
  ['8', 'shop.sweep', 3, ''],
];

function lines(columns: string, rows = ROWS): string[] {
  vi.stubEnv('COLUMNS', columns);
  return table(HEAD, rows, 'None.').split('\n');
}

it('has a line for each row, and cuts nothing where nobody looks at it', () => {
  expect(lines('')).toEqual([
    'id  type                 jobs  last error',
    '7   shop.send-invoice  12,000  Error: the mail server said 451, try again later',
    '8   shop.sweep              3',
  ]);
});

it('cuts what is long, and never what is short', () => {
  expect(lines('60')).toEqual([
    'id  type                 jobs  last error',
    '7   shop.send-invoice  12,000  Error: the mail server said …',
    '8   shop.sweep              3',
  ]);
});

it('tells the last column below the row where it has no room beside it', () => {
  expect(lines('40')).toEqual([
    'id  type                 jobs',
    '  last error',
    '7   shop.send-invoice  12,000',
    '  Error: the mail server said 451, try …',
    '8   shop.sweep              3',
  ]);
});

it('is a list where the columns have no room beside each other', () => {
  expect(lines('25')).toEqual([
    'id          7',
    'type        shop.send-invoice',
    'jobs        12,000',
    'last error  Error: the mail server said 451, try again later',
    '',
    'id          8',
    'type        shop.sweep',
    'jobs        3',
  ]);
});

it('has no line that is wider than the terminal, at any width that a column fits', () => {
  const long = [
    ['1', 'shop.reindex-the-whole-catalogue-of-products', 1, 'ünïcödé 日本語 '.repeat(9)],
  ];
  for (let width = 45; width < 160; width += 1) {
    for (const line of lines(String(width), long)) expect(widthOf(line)).toBeLessThanOrEqual(width);
  }
});

it.each([
  [0, '0 ms'],
  [999, '999 ms'],
  [20_000, '20 s'],
  [1_540, '1.5 s'],
  [59_990, '1 min'],
  [120_000, '2 min'],
  [3_725_000, '1 h 2 min 5 s'],
])('%d ms is %s', (ms, said) => {
  expect(duration(ms)).toBe(said);
});
