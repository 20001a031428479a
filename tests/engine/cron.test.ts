import { describe, expect, it } from 'vitest';
import { dueTicks, nextTick } from '../../src/engine/schedule/cron.ts';
import type { ScheduleRule } from '../../src/index.ts';

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
    ['0 0 30 2 *', []],
    ['* * 30 2 *', []],
  ])('%s names %j', (cron, days) => {
    const ticks = ticksFrom({ cron }, '2026-01-01T00:00:00Z', days.length || 1);
    expect(ticks).toEqual(days.map((day) => `${day}T00:00:00.000Z`));
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

  it('after years of silence are found in time, and the next one is in the future', () => {
    const due = dueTicks(
      { ...rule, cron: '* * * * *' },
      at('2020-01-01T00:00:00Z'),
      at('2026-01-01T00:00:30Z'),
    );
    expect(due.next).toEqual(at('2026-01-01T00:01:00Z'));
    expect(due.run).toHaveLength(1);
  });
});
