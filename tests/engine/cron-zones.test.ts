import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { dueTicks, nextTick } from '../../src/engine/schedule/cron.ts';
import { ALL } from '../support/databases.ts';
import { changesOf, fieldsOf, shownAt, ticksOf, walk, type Walk } from '../support/cron-oracle.ts';

/** Samoa left out a day in 2011, North Korea changed its time in 2015; the others are a plain sample. */
const YEARS = [2011, 2015, 2025, 2026];
const HOUR_MS = 3_600_000;

vi.setConfig({ testTimeout: 180_000 });

interface Change {
  timeZone: string;
  atMs: number;
  around: Walk;
}

const zones = Intl.supportedValuesOf('timeZone').map((timeZone) => ({
  timeZone,
  changes: changesOf(timeZone, YEARS),
}));
const changing = zones.filter(({ changes }) => changes.length > 0);

/** Many zones change at one instant from the same time to the same: the clocks around it are the same, and so are its ticks. */
const alike = new Set<string>();

function isAnother({ timeZone, atMs }: { timeZone: string; atMs: number }): boolean {
  const change = [atMs, shownAt(timeZone, atMs - 60_000), shownAt(timeZone, atMs)].join();
  if (alike.has(change)) return false;
  alike.add(change);
  return true;
}

/** Each change in one zone that has it, and in the long run in every one. */
const everyChange: Change[] = changing
  .flatMap(({ timeZone, changes }) => changes.map((atMs) => ({ timeZone, atMs })))
  .filter((change) => ALL || isAnother(change))
  .map(({ timeZone, atMs }) => {
    return { timeZone, atMs, around: walk(timeZone, atMs - 12 * HOUR_MS, atMs + 12 * HOUR_MS) };
  });

/** Times of day from an hour and a half before the clocks change to three hours after, on any day or on that one. */
function fixedTimesNear({ atMs, around }: Change): fc.Arbitrary<string> {
  const beforeMs = (around.locals[around.instants.indexOf(atMs) - 1] ?? 0) + 60_000;
  const time = fc.integer({ min: -90, max: 180 }).map((minutes) => beforeMs + minutes * 60_000);
  return fc
    .tuple(
      fc.array(time, { minLength: 1, maxLength: 3 }),
      fc.constantFrom('any', 'date', 'weekday'),
    )
    .map(([times, day]) => {
      const shown = times.map(fieldsOf);
      const list = (field: 0 | 1 | 2 | 4): string =>
        [...new Set(shown.map((fields) => fields[field]))].join(',');
      const date = day === 'date' ? list(2) : '*';
      return `${list(0)} ${list(1)} ${date} * ${day === 'weekday' ? list(4) : '*'}`;
    });
}

const runningThrough = fc
  .tuple(
    fc.constantFrom('*', '*/5', '*/7', '*/20', '*/30', '0', '30', '10,40', '1-3'),
    fc.constantFrom('*', '*/2', '*/3', '*/6', '*/7'),
    fc.constantFrom('*', '*/2', '1-15'),
  )
  .map(([minutes, hours, days]) => `${minutes} ${hours} ${days} * *`);

const starMinutes = fc
  .tuple(fc.constantFrom('*', '*/15', '*/25'), fc.integer({ min: 0, max: 4 }))
  .map(([minutes, hour]) => `${minutes} ${hour} * * *`);

function ticksBetween(cron: string, timeZone: string, fromMs: number, untilMs: number): number[] {
  const rule = { cron, timeZone };
  const ticks: number[] = [];
  let tick = nextTick(rule, new Date(fromMs - 1));
  while (tick && tick.getTime() <= untilMs) {
    ticks.push(tick.getTime());
    tick = nextTick(rule, tick);
  }
  return ticks;
}

const said = (ticks: readonly number[]): string[] =>
  ticks.map((tick) => new Date(tick).toISOString());

/** So many rules at every change of every zone. Each change has a seed of its own: together they cover what one cannot. */
function atEveryChange(
  numRuns: number,
  rules: (change: Change) => fc.Arbitrary<string>,
  check: (cron: string, change: Change, expected: number[]) => void,
): void {
  for (const [seed, change] of everyChange.entries()) {
    fc.assert(
      fc.property(rules(change), (cron) => check(cron, change, ticksOf(cron, change.around))),
      { seed, numRuns },
    );
  }
}

/** A list knows no tick past its end: there it is only known that none is before. */
function expectTick(tick: Date | null, expected: number | undefined, { around }: Change): void {
  const known = tick && tick.getTime() <= (around.instants.at(-1) ?? 0) ? [tick.getTime()] : [];
  expect(said(known)).toEqual(said(expected === undefined ? [] : [expected]));
}

function expectTheOraclesTicks(cron: string, change: Change, expected: number[]): void {
  const { timeZone, around } = change;
  const ticks = ticksBetween(cron, timeZone, around.instants[0] ?? 0, around.instants.at(-1) ?? 0);
  expect({ timeZone, ticks: said(ticks) }).toEqual({ timeZone, ticks: said(expected) });
}

describe(`where clocks change, as they did in ${changing.length} zones in ${YEARS.join(', ')}`, () => {
  it('are changes in both directions, of less than an hour, of an hour, and of a day', () => {
    expect(changing.length).toBeGreaterThan(150);
    expect(everyChange.length).toBeGreaterThan(250);
    const jumps = everyChange.map(({ atMs, around }) => {
      const at = around.instants.indexOf(atMs);
      return ((around.locals[at] ?? 0) - (around.locals[at - 1] ?? 0)) / 60_000 - 1;
    });
    expect(jumps).toEqual(expect.arrayContaining([-60, -30, 30, 60, 120, 24 * 60]));
  });

  it('a fixed time fires once: at the first valid instant, or the first time that it is shown', () => {
    atEveryChange(4, fixedTimesNear, expectTheOraclesTicks);
  });

  it('stars in minutes or hours run through', () => {
    atEveryChange(2, () => fc.oneof(runningThrough, starMinutes), expectTheOraclesTicks);
  });

  it('the next tick after any instant is the first one of the list', () => {
    atEveryChange(
      1,
      (change) => fc.oneof(fixedTimesNear(change), runningThrough),
      (cron, change, expected) => {
        const { timeZone, atMs } = change;
        for (const ms of [-HOUR_MS - 1, -60_000, -1, 0, 1, 59_999, 1_801_000, 2 * HOUR_MS]) {
          const after = expected.find((tick) => tick > atMs + ms);
          expectTick(nextTick({ cron, timeZone }, new Date(atMs + ms)), after, change);
        }
      },
    );
  });
});

describe('after a silence around a change', () => {
  it.each(['skip', 'once', 'each'] as const)(
    'misfire %s runs what a plain list says',
    (misfire) => {
      atEveryChange(
        1,
        (change) => fc.oneof(fixedTimesNear(change), runningThrough),
        (cron, change, expected) => {
          const { timeZone, atMs } = change;
          const misfireLimit = 4;
          const rule = { cron, timeZone, misfire, misfireLimit };
          const [first = 0] = expected;
          if (first === 0) return;
          for (const nowMs of [first, atMs, atMs + 59_000, atMs + 5 * HOUR_MS + 1]) {
            if (nowMs < first) continue;
            const missed = expected.filter((tick) => tick <= nowMs);
            const run = {
              skip: missed.filter((tick) => tick >= nowMs - 60_000),
              once: missed.slice(-1),
              each: missed.slice(0, misfireLimit),
            }[misfire];
            const due = dueTicks(rule, new Date(first), new Date(nowMs));
            expect(said(due.run.map(Number))).toEqual(said(run));
            const next = expected.find((tick) => tick > nowMs);
            expectTick(due.next, next, change);
          }
        },
      );
    },
  );
});
