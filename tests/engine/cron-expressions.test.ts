import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { nextTick } from '../../src/engine/schedule/cron.ts';
import { describeCron } from '../../src/engine/schedule/describe-cron.ts';
import { fieldsOf, readCron, walk } from '../support/cron-oracle.ts';
import { ALL } from '../support/databases.ts';

const FILE = fileURLToPath(new URL('../../../shared/data/cron/expressions.txt', import.meta.url));
const there = existsSync(FILE);
const expressions = there ? readFileSync(FILE, 'utf8').split('\n').filter(Boolean) : [];

/** Ticks of the year that are compared: the short run leaves out later ones of what fires all the time. */
const MOST_TICKS = ALL ? Infinity : 2_000;
const year = walk('UTC', Date.UTC(2028, 0), Date.UTC(2029, 0));
const shown = year.locals.map(fieldsOf);

function ticksOfTheYear(cron: string): number[] {
  const rule = { cron };
  const ticks: number[] = [];
  let tick = nextTick(rule, new Date(Date.UTC(2028, 0) - 1));
  while (tick && tick.getTime() < Date.UTC(2029, 0) && ticks.length < MOST_TICKS) {
    ticks.push(tick.getTime());
    tick = nextTick(rule, tick);
  }
  return ticks;
}

function expectTheOraclesTicks(cron: string): void {
  const { matches } = readCron(cron);
  const expected = year.instants
    .filter((_, minute) => matches(shown[minute] ?? fieldsOf(0)))
    .slice(0, MOST_TICKS);
  const ticks = ticksOfTheYear(cron);
  const first = ticks.findIndex((tick, place) => tick !== expected[place]);
  expect({ cron, ticks: ticks.length, deviatesAt: first }).toEqual({
    cron,
    ticks: expected.length,
    deviatesAt: -1,
  });
}

describe.skipIf(!there)(`expressions that people use (skipped where ${FILE} is not there)`, () => {
  it('are 167', () => {
    expect(expressions).toHaveLength(167);
  });

  it.each(expressions)('%s: every tick is what the fields say', (cron) => {
    expectTheOraclesTicks(cron);
  });

  it.each(expressions)('%s is told in words', (cron) => {
    const words = describeCron(cron);
    expect(words).toMatch(/^(At|Every|On|\d+ minutes past)\b/);
    expect(words).not.toMatch(/undefined|NaN|null|\*/);
  });
});

describe('expressions with more to them', () => {
  it.each([
    '0 0 13 * 5',
    '5,10-20/5,59 */7 1-7,31 jan-mar,DEC mon-fri/2',
    '0 12 */10 2 0',
    '0 0 29 2 *',
    '0 0 31 4,5,6 *',
    '59 23 31 12 7',
    '10/20 8-18/3 * * SAT,SUN',
  ])('%s: every tick is what the fields say', (cron) => {
    expectTheOraclesTicks(cron);
  });
});

describe('a cron expression in words', () => {
  it.each([
    ['*/30 * * * *', 'Every 30 minutes'],
    ['0 9 * * 1', 'At 09:00, only on Monday'],
    ['0 6 1 * *', 'At 06:00, on day 1 of the month'],
    ['@daily', 'At 00:00'],
  ])('%s: %s', (cron, words) => {
    expect(describeCron(cron)).toBe(words);
  });

  it('is the expression where there are none', () => {
    expect(describeCron('0 0 LW * *')).toBe('At 00:00, on the last weekday of the month');
    expect(describeCron('0 0 ? * +MON')).toBe('0 0 ? * +MON');
  });

  it('is refused where it is none', () => {
    for (const cron of ['0 0 * *', '60 * * * *', '2026-01-01T00:00:00Z', 'daily']) {
      expect(() => describeCron(cron)).toThrow(expect.objectContaining({ code: 'type-invalid' }));
    }
  });
});
