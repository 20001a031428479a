import { z } from 'zod';
import { slug } from './game.ts';

/** A kind of cell. */
interface Kind<Value> {
  /** What is expected. Follows "is not" in messages. */
  readonly expected: string;
  /** Parses the text. Undefined if it is invalid. */
  readonly read: (text: string) => Value | undefined;
}

const season = wholeNumber(1900, 2200);
const score = wholeNumber(0, 200);
const week = name(40, (text) => text !== '');
const team = name(80, (text) => slug(text) !== '');

const RESULT_COLUMNS = {
  season: cell(season),
  week: cell(week),
  date: cell(date()),
  home_team: cell(team),
  away_team: cell(team),
  home_score: cellOrEmpty(score),
  away_score: cellOrEmpty(score),
  home_line: cellOrEmpty(halfPoints(-100, 100)),
  total_line: cellOrEmpty(halfPoints(0.5, 400)),
  neutral_site: cell(trueOrFalse()),
};

const odds = cellOrEmpty(americanOdds()).default(null);

const ODDS_COLUMNS = {
  home_spread_odds: odds,
  away_spread_odds: odds,
  over_odds: odds,
  under_odds: odds,
  home_moneyline: odds,
  away_moneyline: odds,
};

export const REQUIRED_COLUMNS = Object.keys(RESULT_COLUMNS);
export const OPTIONAL_COLUMNS = Object.keys(ODDS_COLUMNS);

export function isColumn(column: string): boolean {
  return REQUIRED_COLUMNS.includes(column) || OPTIONAL_COLUMNS.includes(column);
}

/** One line of the file, by column. Cells are compared with each other once each is valid by itself. */
export const gameRow = z
  .object({ ...RESULT_COLUMNS, ...ODDS_COLUMNS })
  .superRefine((row, context) => {
    const refuseIf = (wrong: boolean, column: keyof typeof row, message: string): void => {
      if (wrong) context.addIssue({ code: 'custom', path: [column], message });
    };
    const { home_score: home, away_score: away, home_line: line, total_line: total } = row;
    const oneScore = 'is empty but the other score is not: give both or neither';
    const noLine = 'has odds but there is no line for them';
    refuseIf(
      slug(row.home_team) === slug(row.away_team),
      'away_team',
      'is the same as the home team',
    );
    refuseIf(home === null && away !== null, 'home_score', oneScore);
    refuseIf(home !== null && away === null, 'away_score', oneScore);
    refuseIf(line === null && row.home_spread_odds !== null, 'home_spread_odds', noLine);
    refuseIf(line === null && row.away_spread_odds !== null, 'away_spread_odds', noLine);
    refuseIf(total === null && row.over_odds !== null, 'over_odds', noLine);
    refuseIf(total === null && row.under_odds !== null, 'under_odds', noLine);
  });

function cell<Value>({ expected, read }: Kind<Value>) {
  return z.string().transform((text, context): Value => {
    const value = read(text);
    if (value !== undefined) return value;
    const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
    context.addIssue({ code: 'custom', message: `${JSON.stringify(shown)} is not ${expected}` });
    return z.NEVER;
  });
}

function cellOrEmpty<Value>({ expected, read }: Kind<Value>) {
  return cell({ expected, read: (text) => (text === '' ? null : read(text)) });
}

function wholeNumber(from: number, to: number): Kind<number> {
  return {
    expected: `a whole number from ${from} to ${to}`,
    read: (text) => {
      const value = /^\d{1,9}$/.test(text) ? Number(text) : NaN;
      return value >= from && value <= to ? value : undefined;
    },
  };
}

function halfPoints(from: number, to: number): Kind<number> {
  return {
    expected: `a number of whole or half points from ${from} to ${to}, such as 3.5`,
    read: (text) => {
      const value = /^[+-]?\d{1,3}(\.[05]0*)?$/.test(text) ? Number(text) : NaN;
      // Adding 0 makes -0 plain zero.
      return value >= from && value <= to ? value + 0 : undefined;
    },
  };
}

function americanOdds(): Kind<number> {
  return {
    expected: 'American odds, from 100 to 100000 or from -100 to -100000',
    read: (text) => {
      const value = /^[+-]?\d{3,6}$/.test(text) ? Number(text) : NaN;
      return Math.abs(value) >= 100 && Math.abs(value) <= 100_000 ? value : undefined;
    },
  };
}

function date(): Kind<string> {
  return {
    expected: 'a date such as 2010-09-09',
    read: (text) => {
      const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text)?.map(Number) ?? [];
      if (year === undefined || month === undefined || day === undefined) return undefined;
      // Date.UTC rolls June 31 over into July, so an invalid day does not round-trip.
      const exists = new Date(Date.UTC(year, month - 1, day)).toISOString().startsWith(text);
      return exists && year >= 1900 && year <= 2200 ? text : undefined;
    },
  };
}

function name(most: number, isGood: (text: string) => boolean): Kind<string> {
  return {
    expected: `a name of 1 to ${most} characters`,
    read: (text) =>
      isGood(text) && text.length <= most && !/\p{Cc}/u.test(text) ? text : undefined,
  };
}

function trueOrFalse(): Kind<boolean> {
  return {
    expected: 'true or false',
    read: (text) => {
      const lower = text.toLowerCase();
      return lower === 'true' || lower === 'false' ? lower === 'true' : undefined;
    },
  };
}
