import { describe, expect, it } from 'vitest';
import { dueTicks, nextTick } from '../../src/engine/schedule/cron.ts';
import { describeCron } from '../../src/engine/schedule/describe-cron.ts';
import type { ScheduleRule } from '../../src/index.ts';
import { job } from '../support/engine.ts';

const at = (text: string) => new Date(text);
const ticksFrom = (rule: ScheduleRule, from: string, count: number): string[] => {
  const ticks: string[] = [];
  let last = at(from);
  while (ticks.length < count) {
    const next = nextTick(rule, last);
    if (!next) break;
    ticks.push(next.toISOString());
    last = next;
  }
  return ticks;
};

describe('ticks in a zone with daylight saving', () => {
  const zone = { timeZone: 'America/New_York' };

  it('fire a fixed time that the clocks jump over once, at the first valid instant', () => {
    expect(ticksFrom({ cron: '30 2 * * *', ...zone }, '2026-03-07T12:00:00Z', 2)).toEqual([
      '2026-03-08T07:00:00.000Z',
      '2026-03-09T06:30:00.000Z',
    ]);
  });

  it('fire it also where that instant is on the next day, or the day after', () => {
    const saturdays = { cron: '30 23 * * 6', timeZone: 'America/Nuuk' };
    expect(ticksFrom(saturdays, '2026-03-25T00:00:00Z', 2)).toEqual([
      '2026-03-29T01:00:00.000Z',
      '2026-04-05T00:30:00.000Z',
    ]);
    const leftOut = { cron: '0 9 30 12 *', timeZone: 'Pacific/Apia' };
    expect(ticksFrom(leftOut, '2011-12-01T00:00:00Z', 1)).toEqual(['2011-12-30T10:00:00.000Z']);
  });

  it('run through where minutes or hours are stars', () => {
    const [spring, autumn] = ['2026-03-08T06:45:00Z', '2026-11-01T05:15:00Z'];
    expect(ticksFrom({ cron: '*/30 * * * *', ...zone }, spring, 2)).toEqual([
      '2026-03-08T07:00:00.000Z',
      '2026-03-08T07:30:00.000Z',
    ]);
    expect(ticksFrom({ cron: '30 * * * *', ...zone }, autumn, 3)).toEqual([
      '2026-11-01T05:30:00.000Z',
      '2026-11-01T06:30:00.000Z',
      '2026-11-01T07:30:00.000Z',
    ]);
  });

  it('fire a fixed time that comes twice once', () => {
    expect(ticksFrom({ cron: '30 1 * * *', ...zone }, '2026-10-31T12:00:00Z', 2)).toEqual([
      '2026-11-01T05:30:00.000Z',
      '2026-11-02T06:30:00.000Z',
    ]);
  });
});

describe('a rule', () => {
  it.each([
    ['0 0 L * *', ['2026-01-31', '2026-02-28']],
    ['0 0 15W * *', ['2026-01-15', '2026-02-16']],
    ['0 0 * * 5#2', ['2026-01-09', '2026-02-13']],
    ['0 0 13 * fri', ['2026-01-02', '2026-01-09', '2026-01-13']],
    ['0 0 29 2 *', ['2028-02-29', '2032-02-29']],
    ['0 0 0 1 1 * 2030', ['2030-01-01']],
    ['0 0 0 1 1 * 2020', []],
    ['0 0 * January Monday', ['2026-01-05', '2026-01-12']],
    ['0 0 * * Friday-Sunday', ['2026-01-02', '2026-01-03', '2026-01-04']],
    ['0 0 * * fridayL', ['2026-01-30', '2026-02-27']],
    ['0 0 */1 * 1', ['2026-01-05', '2026-01-12']],
  ])('%s names %j', (cron, days) => {
    const ticks = ticksFrom({ cron }, '2026-01-01T00:00:00Z', days.length || 1);
    expect(ticks).toEqual(days.map((day) => `${day}T00:00:00.000Z`));
  });

  it('on the 29th of February waits for the next leap year, also over a century that has none', () => {
    expect(ticksFrom({ cron: '0 0 29 2 *' }, '2096-03-01T00:00:00Z', 1)).toEqual([
      '2104-02-29T00:00:00.000Z',
    ]);
  });

  it('takes whole names of days, as node-cron does', () => {
    const rule = { cron: '*/1 12 * * Monday-Sunday', timeZone: 'Europe/Rome' };
    const ticks = ticksFrom(rule, '2026-07-01T09:00:00Z', 60);
    expect([ticks[0], ticks[59]]).toEqual(['2026-07-01T10:00:00.000Z', '2026-07-01T10:59:00.000Z']);
  });

  it('of six fields has seconds first', () => {
    const rule = { cron: '*/20 30 2 * * *', timeZone: 'Europe/Berlin' };
    expect(ticksFrom(rule, '2026-03-28T01:30:20Z', 3)).toEqual([
      '2026-03-28T01:30:40.000Z',
      '2026-03-29T01:00:00.000Z',
      '2026-03-30T00:30:00.000Z',
    ]);
  });
});

describe('a rule that cannot be read', () => {
  it.each([
    ['* * *', 'UTC'],
    ['99 * * * *', 'UTC'],
    ['* * * * *', 'Mars/Olympus'],
    ['2026-01-01T00:00:00', 'UTC'],
  ])('%s in %s is refused with the rule in the sentence', (cron, timeZone) => {
    expect(() => nextTick({ cron, timeZone }, at('2026-01-01T00:00:00Z'))).toThrow(
      expect.objectContaining({
        code: 'type-invalid',
        message: expect.stringContaining(cron) as string,
      }) as Error,
    );
  });
});

describe('a rule that is wrong is refused where the type is defined', () => {
  it.each([
    ['0 0 30 2 *', 'it can never tick: February has no day 30'],
    ['* * 30 2 *', 'it can never tick: February has no day 30'],
    ['0 0 31 4,6,9,11 *', 'April, June, September and November have no day 31'],
    ['0 0 30,31 feb *', 'February has no day 30 or 31'],
    ['0 0 31W 2 *', 'no date matches its days, months and years'],
    ['0 0 0 29 2 * 2027', 'no date matches its days, months and years'],
    ['75/5 * * * *', '75 is out of range: minutes are 0 to 59'],
    ['0 0 32/2 * *', '32 is out of range: days of the month are 1 to 31'],
    ['*/75 * * * *', 'the step 75 is larger than its field: minutes are 0 to 59'],
    ['0 */25 * * *', 'the step 25 is larger than its field: hours are 0 to 23'],
    ['*/0 * * * *', '"*/0" has a step of 0'],
    ['30-10 * * * *', 'the range 30-10 ends before it begins'],
    ['/6 * * * *', '"/6" does not say where it starts: write "*/6", or a number first'],
    ['0 0 * * Funday', '"Funday" is not the name of a day'],
    ['0 0 1 Janember *', '"Janember" is not the name of a month'],
    ['0 ? * * *', '"?" can only stand for a whole field of days'],
    ['0 10 * * ? *', 'Write "0 10 * * * *" for seconds first, or "0 10 * * *" for years last'],
    ['0 10 ? * MON 2026', 'Write "0 0 10 * * MON 2026" for years last'],
    ['0 0 12 ? * 2 *', 'the days of the week "2" are ambiguous'],
    ['* * *', 'five fields, six with seconds first, or seven with years last'],
    ['@reboot', 'of such names there are only @yearly,'],
  ])('%s', (cron, reason) => {
    const fault = expect.objectContaining({
      code: 'type-invalid',
      message: expect.stringMatching(
        new RegExp(
          `^Job type "a.b": the schedule "${literally(cron)}" is invalid: .*${literally(reason)}`,
        ),
      ) as string,
    }) as Error;
    const define = () => job('a.b', () => null, { schedule: { cron } });
    expect(define).toThrow(fault);
    const invalid = expect.objectContaining({ code: 'type-invalid' }) as Error;
    expect(() => describeCron(cron)).toThrow(invalid);
    expect(() => nextTick({ cron }, at('2026-01-01T00:00:00Z'))).toThrow(invalid);
  });
});

const literally = (text: string): string => text.replace(/[*?/.[\]()]/g, '\\$&');

describe('ticks that came due', () => {
  const rule = { cron: '*/10 * * * *', timeZone: 'UTC', misfire: 'once', misfireLimit: 3 } as const;
  const first = at('2026-01-01T00:10:00Z');

  it('are none before their time', () => {
    expect(dueTicks(rule, first, at('2026-01-01T00:09:59Z'))).toEqual({ run: [], next: first });
  });

  it('are run late by at most a minute whatever the rule on misfires', () => {
    const now = at('2026-01-01T00:10:59Z');
    for (const misfire of ['skip', 'once', 'each'] as const) {
      const due = dueTicks({ ...rule, misfire }, first, now);
      expect(due).toEqual({ run: [first], next: at('2026-01-01T00:20:00Z') });
    }
  });

  it('after weeks of silence are found in time, and the next one is in the future', () => {
    const due = dueTicks(
      { ...rule, cron: '* * * * * *' },
      at('2025-11-03T00:00:00Z'),
      at('2026-01-01T00:00:30Z'),
    );
    expect(due.next).toEqual(at('2026-01-01T00:00:31Z'));
    expect(due.run).toEqual([at('2026-01-01T00:00:30Z')]);
  });

  it.each(['skip', 'once', 'each'] as const)(
    'after more than 60 days are stale, with misfire %s',
    (misfire) => {
      const due = dueTicks({ ...rule, misfire }, at('2025-11-01T00:00:00Z'), first);
      expect(due).toEqual({ run: [], next: at('2026-01-01T00:20:00Z') });
    },
  );
});
