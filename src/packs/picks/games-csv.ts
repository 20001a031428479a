import { parse, type CsvError, type Info } from 'csv-parse/sync';
import { closest, distance } from 'fastest-levenshtein';
import type { z } from 'zod';
import { errorMessage, HumdrumError } from '../../errors.ts';
import { gameId, startOf, type GameRecord } from './game.ts';
import { gameRow, isColumn, OPTIONAL_COLUMNS, REQUIRED_COLUMNS } from './games-csv-row.ts';
import { withTablePrices } from './odds.ts';

const MOST_PROBLEMS = 20;
const MOST_CHARACTERS = 64 * 1024 * 1024;

export interface ReadGame {
  readonly line: number;
  readonly game: GameRecord;
}

interface Line {
  readonly number: number;
  readonly cells: string[];
}

/** Parses and validates a whole file. Errors: `csv-invalid`, with the line and column of each bad cell. */
export function readGames(text: string, fileName: string): ReadGame[] {
  if (text.length > MOST_CHARACTERS) {
    throw csvInvalid(fileName, ['the file has more than 64 million characters: split it']);
  }
  const [header, ...lines] = splitLines(text, fileName);
  if (!header) {
    throw csvInvalid(fileName, [
      `the file is empty: its first line must name the columns ${REQUIRED_COLUMNS.join(',')}`,
    ]);
  }
  const columns = readHeader(header, fileName);
  const problems: string[] = [];
  const games: ReadGame[] = [];
  const lineOfGame = new Map<string, number>();
  for (const line of lines) {
    const game = readLine(line, columns, problems);
    if (!game) continue;
    const before = lineOfGame.get(game.id);
    if (before === undefined) {
      lineOfGame.set(game.id, line.number);
      games.push({ line: line.number, game });
    } else {
      problems.push(
        `line ${line.number}: duplicate of line ${before}, ${game.awayTeam} at ${game.homeTeam} on ${game.gameDate}`,
      );
    }
  }
  if (problems.length > 0) throw csvInvalid(fileName, problems);
  return games;
}

export function csvInvalid(
  fileName: string,
  problems: readonly string[],
  cause?: unknown,
): HumdrumError {
  const shown = problems.slice(0, MOST_PROBLEMS).map((problem) => `${fileName}: ${problem}`);
  const more = problems.length - shown.length;
  if (more > 0) shown.push(`and ${more.toLocaleString('en-US')} more`);
  return new HumdrumError('csv-invalid', shown.join('\n'), { cause });
}

function splitLines(text: string, fileName: string): Line[] {
  try {
    const records: unknown = parse(text, {
      bom: true,
      info: true,
      record_delimiter: ['\r\n', '\n', '\r'],
      relax_column_count: true,
      skip_empty_lines: true,
    });
    return (records as { record: string[]; info: Info }[]).map(({ record, info }) => ({
      // Quoted cells may contain line breaks. The number is that of the line where the record starts.
      number: info.lines - record.join('').split('\n').length + 1,
      cells: record.map((cell) => cell.trim()),
    }));
  } catch (error) {
    const { lines } = error as Partial<CsvError>;
    const where = typeof lines === 'number' ? `line ${lines}: ` : '';
    throw csvInvalid(fileName, [`${where}this is not CSV: ${errorMessage(error)}`], error);
  }
}

function readHeader({ number, cells }: Line, fileName: string): string[] {
  const missing = REQUIRED_COLUMNS.filter((name) => !cells.includes(name));
  const unknown = cells.filter((name) => !isColumn(name));
  const problems = [
    ...unknown.map((name) => `unknown column "${name}"${suggestion(name, cells)}`),
    ...missing.map((name) => `column ${name} is missing`),
    ...cells
      .filter((name, index) => isColumn(name) && cells.indexOf(name) !== index)
      .map((name) => `duplicate column ${name}`),
  ];
  if (problems.length > 0) {
    throw csvInvalid(
      fileName,
      problems.map((problem) => `line ${number}: ${problem}`),
    );
  }
  return cells;
}

/** Suggests the closest column that is missing from the header, if one is close enough. */
function suggestion(name: string, header: string[]): string {
  const free = [...REQUIRED_COLUMNS, ...OPTIONAL_COLUMNS].filter(
    (known) => !header.includes(known),
  );
  if (free.length === 0 || name === '') return '';
  const plain = name.toLowerCase().replace(/[\s-]+/g, '_');
  const nearest = closest(plain, free);
  return distance(plain, nearest) <= Math.max(2, nearest.length / 3)
    ? `: did you mean ${nearest}?`
    : '';
}

function readLine(
  { number, cells }: Line,
  columns: string[],
  problems: string[],
): GameRecord | null {
  if (cells.length !== columns.length) {
    problems.push(`line ${number}: ${cells.length} columns, but the header has ${columns.length}`);
    return null;
  }
  const row = Object.fromEntries(columns.map((column, index) => [column, cells[index] ?? '']));
  const read = gameRow.safeParse(row);
  if (read.success) return toGame(read.data);
  for (const { path, message } of read.error.issues) {
    problems.push(`line ${number}, column ${path.map(String).join('.')}: ${message}`);
  }
  return null;
}

function toGame(row: z.output<typeof gameRow>): GameRecord {
  const { date: gameDate, home_team: homeTeam, away_team: awayTeam } = row;
  const { home_line: homeLine, total_line: totalLine } = row;
  return {
    id: gameId(gameDate, homeTeam, awayTeam),
    season: row.season,
    week: row.week,
    gameDate,
    startsAt: startOf(gameDate),
    homeTeam,
    awayTeam,
    homeScore: row.home_score,
    awayScore: row.away_score,
    state: row.home_score === null ? 'scheduled' : 'final',
    homeLine,
    totalLine,
    ...withTablePrices(homeLine, totalLine, {
      homeSpreadOdds: row.home_spread_odds,
      awaySpreadOdds: row.away_spread_odds,
      overOdds: row.over_odds,
      underOdds: row.under_odds,
      homeMoneyline: row.home_moneyline,
      awayMoneyline: row.away_moneyline,
    }),
    neutralSite: row.neutral_site,
  };
}
