import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../src/engine/base/random.ts';
import { formatUsdc, sharesOf, shortAddress } from '../../../src/packs/arcade/index.ts';
import {
  archivedBefore,
  duePools,
  hasEnded,
  nextPeriod,
  periodDateOf,
} from '../../../src/packs/arcade/rules.ts';

const GAMES = Number(process.env['ARCADE_RANDOM_GAMES'] ?? 1_000_000);

describe('the shares of a fee', () => {
  it.each([
    [1, 0, 0],
    [2, 0, 1],
    [3, 1, 1],
    [10, 3, 4],
    [99, 34, 35],
    [10_000, 3_500, 3_500],
    [12_345, 4_320, 4_321],
    [Number.MAX_SAFE_INTEGER, 3_152_519_739_159_346, 3_152_519_739_159_347],
  ])('of %d micro-USDC are %d and %d', (fee, dailyMicroUsdc, weeklyMicroUsdc) => {
    expect(sharesOf(fee)).toEqual({ dailyMicroUsdc, weeklyMicroUsdc });
  });

  it('never exceed 70 % of it, whole, over a million random games, and lose less than one micro-USDC each', () => {
    const random = seededRandom('fees');
    let [fees, daily, weekly, worst, wrong] = [0, 0, 0, 0, 0];
    for (let game = 0; game < GAMES; game += 1) {
      // Most fees are of cents; some are so small that rounding is all there is.
      const most = random() < 0.2 ? 200 : 2_000_000;
      const fee = 1 + Math.floor(random() * most);
      const { dailyMicroUsdc, weeklyMicroUsdc } = sharesOf(fee);
      const share = dailyMicroUsdc + weeklyMicroUsdc;
      // In whole numbers: the share is the most that is not above 70 %, and the week's half is never the smaller.
      if (share * 10 > fee * 7 || (share + 1) * 10 <= fee * 7) wrong += 1;
      if (weeklyMicroUsdc - dailyMicroUsdc !== share % 2) wrong += 1;
      worst = Math.max(worst, fee * 7 - share * 10);
      fees += fee;
      daily += dailyMicroUsdc;
      weekly += weeklyMicroUsdc;
    }
    expect(wrong).toBe(0);
    expect(worst).toBeLessThan(10);
    expect((daily + weekly) * 10).toBeLessThanOrEqual(fees * 7);
    expect((daily + weekly) * 10).toBeGreaterThan(fees * 7 - GAMES * 10);
  });

  it('are those that long division says, for fees of every size', () => {
    const random = seededRandom('large fees');
    for (let round = 0; round < 20_000; round += 1) {
      const fee = Math.floor(random() * 2 ** (1 + Math.floor(random() * 52))) + 1;
      const share = (BigInt(fee) * 70n) / 100n;
      const { dailyMicroUsdc, weeklyMicroUsdc } = sharesOf(fee);
      expect([BigInt(dailyMicroUsdc), BigInt(weeklyMicroUsdc)]).toEqual([
        share / 2n,
        share - share / 2n,
      ]);
    }
  });
});

describe('the words for people', () => {
  it.each([
    [0, '0.00'],
    [1, '0.000001'],
    [140_000, '0.14'],
    [145_000, '0.145'],
    [100_010, '0.10001'],
    [12_000_000, '12.00'],
    [1_234_567_890_000, '1234567.89'],
    [Number.MAX_SAFE_INTEGER, '9007199254.740991'],
  ])('%d micro-USDC are %s USDC', (microUsdc, words) => {
    expect(formatUsdc(microUsdc)).toBe(words);
  });

  it('show the ends of an address', () => {
    expect(shortAddress(`0x1234${'0'.repeat(32)}5678`)).toBe('0x1234...5678');
  });
});

describe('periods', () => {
  /** Day by day, by the calendar's own weekdays. */
  const days = Array.from({ length: 1_500 }, (_, day) => new Date(Date.UTC(2023, 10, 1 + day)));
  const textOf = (day: Date): string => day.toISOString().slice(0, 10);

  it('name a week by the last Monday that is not after a day, also over the end of a year', () => {
    let monday = '2023-10-30';
    for (const day of days) {
      if (day.getUTCDay() === 1) monday = textOf(day);
      expect(periodDateOf('weekly', textOf(day))).toBe(monday);
      expect(periodDateOf('daily', textOf(day))).toBe(textOf(day));
      expect(periodDateOf('alltime', textOf(day))).toBe('1970-01-01');
    }
  });

  it('are due once each: a day on the day after, a week on the Monday after', () => {
    const due = days.flatMap((day) => duePools(textOf(day)).map((pool) => ({ pool, day })));
    for (const { pool, day } of due) {
      expect(nextPeriod(pool.period, pool.periodDate)).toBe(textOf(day));
      expect(hasEnded(pool, textOf(day))).toBe(true);
      expect(hasEnded(pool, textOf(new Date(day.getTime() - 1)))).toBe(false);
    }
    const names = due.map(({ pool }) => JSON.stringify(pool));
    expect(new Set(names).size).toBe(names.length);
    expect(due.filter(({ pool }) => pool.period === 'daily')).toHaveLength(1_500 * 5);
    expect(due.filter(({ pool }) => pool.period === 'weekly')).toHaveLength(214 * 5);
  });

  it('are archived so many days after they have ended', () => {
    expect(archivedBefore('daily', '2026-04-01', 90)).toBe('2026-01-01');
    // The week of the 22nd ends as the 29th of December begins.
    expect(archivedBefore('weekly', '2026-03-29', 90)).toBe('2025-12-23');
    expect(archivedBefore('weekly', '2026-03-28', 90)).toBe('2025-12-22');
  });
});
