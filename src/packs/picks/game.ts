import type { GameState } from './rules.ts';

/** A stored game. Lines are those of the home side. A null price is not offered. */
export interface GameRecord {
  readonly id: string;
  readonly season: number;
  readonly week: string;
  /** YYYY-MM-DD */
  readonly gameDate: string;
  /** An ISO instant. */
  readonly startsAt: string;
  readonly homeTeam: string;
  readonly awayTeam: string;
  readonly homeScore: number | null;
  readonly awayScore: number | null;
  readonly state: GameState;
  readonly homeLine: number | null;
  readonly totalLine: number | null;
  readonly homeSpreadOdds: number | null;
  readonly awaySpreadOdds: number | null;
  readonly overOdds: number | null;
  readonly underOdds: number | null;
  readonly homeMoneyline: number | null;
  readonly awayMoneyline: number | null;
  readonly neutralSite: boolean;
}

/** Columns of picks.game: the names above in snake case. */
export const GAME_COLUMNS = (
  'id season week game_date starts_at home_team away_team home_score away_score state home_line total_line ' +
  'home_spread_odds away_spread_odds over_odds under_odds home_moneyline away_moneyline neutral_site'
).split(' ');

export function asColumns(game: GameRecord): Record<string, unknown> {
  const snake = (name: string): string =>
    name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  return Object.fromEntries(Object.entries(game).map(([name, value]) => [snake(name), value]));
}

/** Such as `2010-09-09-minnesota-vikings-at-new-orleans-saints`. The same game has the same id in every file. */
export function gameId(gameDate: string, homeTeam: string, awayTeam: string): string {
  return `${gameDate}-${slug(awayTeam)}-at-${slug(homeTeam)}`;
}

/** Lower-case words joined by hyphens. Empty if the name has no letters or digits. */
export function slug(name: string): string {
  const plain = name.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
  return plain.replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '');
}

/** The results file has no times, so every game starts at 18:00 UTC, about noon in the central United States. */
export function startOf(gameDate: string): string {
  return `${gameDate}T18:00:00.000Z`;
}
