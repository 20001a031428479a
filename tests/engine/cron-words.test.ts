import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { nextTick } from '../../src/engine/schedule/cron.ts';
import { describeCron } from '../../src/engine/schedule/describe-cron.ts';

vi.setConfig({ testTimeout: 60_000 });

/** The ticks of a rule over whole years, and over both changes of the clocks. Long lists are cut. */
function ticksOf(cron: string): string {
  return [
    ticksFrom({ cron, timeZone: 'UTC' }, '2027-12-31T12:00:00Z', 60),
    ticksFrom({ cron, timeZone: 'America/New_York' }, '2028-03-11T20:00:00Z', 120),
    ticksFrom({ cron, timeZone: 'America/New_York' }, '2028-11-04T20:00:00Z', 120),
  ].join(' | ');
}

function ticksFrom(rule: { cron: string; timeZone: string }, from: string, most: number): string {
  const ticks: number[] = [];
  let tick = nextTick(rule, new Date(from));
  while (tick && ticks.length < most) {
    ticks.push(tick.getTime() / 1_000);
    tick = nextTick(rule, tick);
  }
  return ticks.join();
}

/** For each description that some rule has, the rules whose ticks differ although their words are the same. */
function liars(crons: readonly string[]): Record<string, string[]> {
  const byWords = new Map<string, Map<string, string>>();
  for (const cron of crons) {
    const words = describeCron(cron);
    const rules = byWords.get(words) ?? new Map<string, string>();
    byWords.set(words, rules.set(ticksOf(cron), cron));
  }
  const several = [...byWords].filter(([, rules]) => rules.size > 1);
  return Object.fromEntries(several.map(([words, rules]) => [words, [...rules.values()]]));
}

const MINUTES = [
  '*',
  '*/1',
  '*/15',
  '0/15',
  '0-59/15',
  '0,15,30,45',
  '*/45',
  '0,45',
  '*/7',
  '*/60',
];
const MORE_MINUTES = [
  '0',
  '00',
  '0-59',
  '5/20',
  '5,25,45',
  '5-59/20',
  '30',
  '*/30',
  '0/30',
  '0,30',
];
const HOURS = ['*', '*/1', '0-23', '0-23/1', '0/1', '*/2', '0/2', '0-22/2', '*/5', '0,5,10,15,20'];
const MORE_HOURS = ['1', '01', '1-5', '1,2', '1-2', '1-1', '2', '*/24', '0', '1/13', '1,14', '0-1'];
const times = [...MINUTES, ...MORE_MINUTES].flatMap((minutes) =>
  [...HOURS, ...MORE_HOURS].map((hours) => `${minutes} ${hours}`),
);

describe('the same words mean the same ticks', () => {
  it('for all times of day', () => {
    expect(liars(times.map((time) => `${time} * * *`))).toEqual({});
  });

  it('for days, months and years', () => {
    const dates = [
      [
        '*',
        '*/1',
        '*/2',
        '1-31/2',
        '1/2',
        '2/2',
        '*/10',
        '1',
        '1-31',
        'L',
        '1,L',
        'LW',
        '15W',
        '?',
      ],
      ['*', '*/1', '1-12', '*/2', '1/2', '2/2', '*/5', '1,6,11', 'jan', 'January', '2', 'mar-MAY'],
      [
        '*',
        '0-6',
        '1-7',
        '*/2',
        '0,2,4,6',
        '1/2',
        '7',
        'sun',
        'Sunday',
        '5#2',
        'friL',
        '+mon',
        '?',
      ],
    ] as const;
    const [days, months, weekdays] = dates;
    const all = days.flatMap((day) => [
      ...months.map((month) => `0 0 ${day} ${month} *`),
      ...weekdays.map((weekday) => `0 0 ${day} * ${weekday}`),
    ]);
    expect(liars(all)).toEqual({});
    const years = ['*', '*/2', '2028/2', '2029/2', '1/2', '2028-2032', '2028,2030', '2028'];
    expect(liars(years.map((year) => `0 0 0 1 1 * ${year}`))).toEqual({});
  });

  it('for seconds', () => {
    const seconds = ['*', '*/1', '0', '00', '*/20', '0/20', '0,20,40', '5', '0-59', '*/45', '0,45'];
    const rules = seconds.flatMap((second) =>
      ['* *', '*/30 *', '0 *', '30 1', '0-30 1', '*/30 1', '0 1-2', '0 1,2', '* 1'].map(
        (time) => `${second} ${time} * * *`,
      ),
    );
    expect(liars([...rules, '* * * * *', '0 * * * *', '30 1 * * *'])).toEqual({});
  });

  it('for any two rules', () => {
    const number = (from: number, to: number): fc.Arbitrary<string> =>
      fc.integer({ min: from, max: to }).map(String);
    const field = (from: number, to: number): fc.Arbitrary<string> =>
      fc.oneof(
        fc.constant('*'),
        number(from, to),
        fc
          .tuple(fc.constantFrom('*', `${from}`, `${from}-${to}`), number(1, to))
          .map((s) => s.join('/')),
        fc.tuple(number(from, from + 2), number(to - 2, to)).map((range) => range.join('-')),
        fc.array(number(from, to), { minLength: 2, maxLength: 3 }).map((list) => list.join()),
      );
    const rule = fc
      .tuple(
        field(0, 59),
        field(0, 23),
        fc.constantFrom('*', '*/2', '1-31'),
        fc.constantFrom('*', '0-6'),
      )
      .map(([minutes, hours, days, weekdays]) => `${minutes} ${hours} ${days} * ${weekdays}`);
    fc.assert(
      fc.property(fc.array(rule, { minLength: 60, maxLength: 80 }), (rules) => {
        expect(liars(rules)).toEqual({});
      }),
      { numRuns: 5 },
    );
  });
});

describe('words', () => {
  it.each([
    ['0 * * * *', 'Every hour'],
    ['0 0-23 * * *', 'Every hour, between 00:00 and 23:00, at fixed times'],
    ['0 1-5 * * *', 'Every hour, between 01:00 and 05:00, at fixed times'],
    ['0/15 * * * *', 'Every 15 minutes'],
    ['*/45 * * * *', 'At 0 and 45 minutes past the hour'],
    ['0 */5 * * *', 'At 00:00, 05:00, 10:00, 15:00 and 20:00, whenever clocks show it'],
    ['0 0 * * */2', 'At 00:00, only on Sunday, Tuesday, Thursday, and Saturday'],
    ['0 0 */1 * 1', 'At 00:00, only on Monday'],
    ['0 0 */2 * *', 'At 00:00, every 2 days in a month'],
    ['0 0 12 ? * mon *', 'At 12:00, only on Monday'],
    ['*/1 12 * * Monday-Sunday', 'Every minute, between 12:00 and 12:59, Monday through Sunday'],
    ['0 9 * January friL', 'At 09:00, on the last Friday of the month, only in January'],
    ['0 0 1,L * *', '0 0 1,L * *'],
  ])('of %s: %s', (cron, words) => {
    expect(describeCron(cron)).toBe(words);
  });
});
