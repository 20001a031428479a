import { describe, expect, it } from 'vitest';
import {
  MONEYLINE_BY_SPREAD,
  moneylineForSpread,
  withTablePrices,
} from '../../../src/packs/picks/odds.ts';

const impliedChance = (odds: number): number =>
  odds > 0 ? 100 / (100 + odds) : -odds / (100 - odds);

describe('the moneyline table', () => {
  it('is monotone: the more points, the dearer the favourite and the better paid the underdog', () => {
    MONEYLINE_BY_SPREAD.slice(1).forEach(([points, favourite, underdog], index) => {
      const [pointsBefore, favouriteBefore, underdogBefore] = MONEYLINE_BY_SPREAD[index] ?? [
        0, 0, 0,
      ];
      expect(points).toBeGreaterThan(pointsBefore);
      expect(favourite).toBeLessThan(favouriteBefore);
      expect(impliedChance(underdog)).toBeLessThan(impliedChance(underdogBefore));
    });
  });

  it('leaves the house 3 to 5 in 100 in every row', () => {
    for (const [, favourite, underdog] of MONEYLINE_BY_SPREAD) {
      const sum = impliedChance(favourite) + impliedChance(underdog);
      expect(sum).toBeGreaterThan(1.03);
      expect(sum).toBeLessThan(1.05);
    }
  });

  it('is symmetric, and takes the row at or below a spread that it does not list', () => {
    for (let line = 0; line <= 40; line += 0.5) {
      const homeFavoured = moneylineForSpread(-line);
      const awayFavoured = moneylineForSpread(line);
      expect(awayFavoured).toEqual({ home: homeFavoured.away, away: homeFavoured.home });
    }
    expect(moneylineForSpread(-3)).toEqual({ home: -155, away: 132 });
    expect(moneylineForSpread(12.5)).toEqual({ home: 470, away: -620 });
    expect(moneylineForSpread(-26.5)).toEqual({ home: -2_000, away: 1_080 });
    expect(moneylineForSpread(0)).toEqual({ home: -110, away: -110 });
  });
});

describe('the prices of a game', () => {
  it('are the given ones, and those of the table where none is given', () => {
    expect(withTablePrices(-7, 44.5, { homeSpreadOdds: -115, awayMoneyline: 260 })).toEqual({
      homeSpreadOdds: -115,
      awaySpreadOdds: -110,
      overOdds: -110,
      underOdds: -110,
      homeMoneyline: -310,
      awayMoneyline: 260,
    });
  });

  it('are not offered where there is no line to make them from', () => {
    expect(withTablePrices(null, null)).toEqual({
      homeSpreadOdds: null,
      awaySpreadOdds: null,
      overOdds: null,
      underOdds: null,
      homeMoneyline: null,
      awayMoneyline: null,
    });
  });
});
