/** American odds of one game. Null: not offered. */
export interface Prices {
  readonly homeSpreadOdds: number | null;
  readonly awaySpreadOdds: number | null;
  readonly overOdds: number | null;
  readonly underOdds: number | null;
  readonly homeMoneyline: number | null;
  readonly awayMoneyline: number | null;
}

/** Odds of both sides of a spread and of a total: 110 to win 100. */
export const EVEN_JUICE = -110;

/**
 * Moneylines by closing spread: [minimum points, favourite, underdog].
 *
 * A test checks its shape. Monotone: the favourite's price falls and the underdog's rises with every step. Symmetric: it
 * distinguishes favourite and underdog, never home and away. House share: the two implied chances of a row, 100/(100 + underdog)
 * and favourite/(favourite + 100), sum to 1.03 to 1.05. The chances follow how often NFL favourites of that spread win: 59 in
 * 100 at 3 points, 73 at 7, 80 at 10.
 */
export const MONEYLINE_BY_SPREAD: readonly (readonly [
  points: number,
  favourite: number,
  underdog: number,
])[] = [
  [0, -110, -110],
  [0.5, -115, -105],
  [1, -120, 100],
  [1.5, -125, 105],
  [2, -130, 110],
  [2.5, -140, 119],
  [3, -155, 132],
  [3.5, -175, 148],
  [4, -190, 160],
  [4.5, -205, 172],
  [5, -220, 184],
  [5.5, -235, 196],
  [6, -250, 208],
  [6.5, -275, 228],
  [7, -310, 255],
  [7.5, -340, 278],
  [8, -365, 296],
  [8.5, -390, 314],
  [9, -415, 332],
  [9.5, -440, 350],
  [10, -480, 378],
  [10.5, -520, 405],
  [11, -560, 430],
  [12, -620, 470],
  [13, -720, 530],
  [14, -850, 600],
  [15, -1000, 675],
  [16, -1200, 770],
  [17, -1400, 860],
  [18, -1700, 975],
  [20, -2000, 1080],
];

/** The prices from the file. Missing ones are derived from the line, if there is one. */
export function withTablePrices(
  homeLine: number | null,
  totalLine: number | null,
  given: Partial<Prices> = {},
): Prices {
  const moneyline = moneylineForSpread(homeLine);
  const spread = homeLine === null ? null : EVEN_JUICE;
  const total = totalLine === null ? null : EVEN_JUICE;
  return {
    homeSpreadOdds: given.homeSpreadOdds ?? spread,
    awaySpreadOdds: given.awaySpreadOdds ?? spread,
    overOdds: given.overOdds ?? total,
    underOdds: given.underOdds ?? total,
    homeMoneyline: given.homeMoneyline ?? moneyline.home,
    awayMoneyline: given.awayMoneyline ?? moneyline.away,
  };
}

export function moneylineForSpread(homeLine: number | null): {
  home: number | null;
  away: number | null;
} {
  if (homeLine === null) return { home: null, away: null };
  const row = MONEYLINE_BY_SPREAD.findLast(([points]) => points <= Math.abs(homeLine));
  const [, favourite, underdog] = row ?? [0, EVEN_JUICE, EVEN_JUICE];
  return homeLine < 0 ? { home: favourite, away: underdog } : { home: underdog, away: favourite };
}
