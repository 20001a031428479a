import { describe, expect, it } from 'vitest';
import { HumdrumError } from '../../../src/errors.ts';
import { readGames } from '../../../src/packs/picks/games-csv.ts';

const HEADER =
  'season,week,date,home_team,away_team,home_score,away_score,home_line,total_line,neutral_site';
const SAINTS = '2010,1,2010-09-09,New Orleans Saints,Minnesota Vikings,14,9,-5.0,49.5,false';
const BILLS = '2010,1,2010-09-12,Buffalo Bills,Miami Dolphins,10,15,3.0,39.0,true';

function read(...lines: string[]): ReturnType<typeof readGames> {
  return readGames(lines.join('\n'), 'games.csv');
}

function problemsOf(text: string): string[] {
  try {
    readGames(text, 'games.csv');
  } catch (error) {
    if (!(error instanceof HumdrumError) || error.code !== 'csv-invalid') throw error;
    return error.message.split('\n');
  }
  return [];
}

/** SAINTS with one cell replaced. */
function withCell(column: string, cell: string): string {
  const cells = SAINTS.split(',');
  cells[HEADER.split(',').indexOf(column)] = cell;
  return cells.join(',');
}

describe('a file of games', () => {
  it('is read with its lines, prices and ids', () => {
    expect(read(HEADER, SAINTS)).toEqual([
      {
        line: 2,
        game: {
          id: '2010-09-09-minnesota-vikings-at-new-orleans-saints',
          season: 2010,
          week: '1',
          gameDate: '2010-09-09',
          startsAt: '2010-09-09T18:00:00.000Z',
          homeTeam: 'New Orleans Saints',
          awayTeam: 'Minnesota Vikings',
          homeScore: 14,
          awayScore: 9,
          state: 'final',
          homeLine: -5,
          totalLine: 49.5,
          homeSpreadOdds: -110,
          awaySpreadOdds: -110,
          overOdds: -110,
          underOdds: -110,
          homeMoneyline: -220,
          awayMoneyline: 184,
          neutralSite: false,
        },
      },
    ]);
  });

  it('may have its columns in any order, Windows line ends, a byte order mark and empty lines', () => {
    const turned = [HEADER, SAINTS, BILLS].map((line) => line.split(',').toReversed().join(','));
    const text = `\uFEFF${turned[0]}\r\n${turned[1]}\r\n\r\n${turned[2]}\r\n\r\n`;
    expect(readGames(text, 'games.csv').map(({ game }) => game)).toEqual(
      read(HEADER, SAINTS, BILLS).map(({ game }) => game),
    );
    expect(readGames(text, 'games.csv').map(({ line }) => line)).toEqual([2, 4]);
  });

  it('may have quoted cells, and cells with spaces around them', () => {
    const [first] = read(
      HEADER,
      '2010, 1 ,2010-09-09,"St. Louis Rams","49ers, ""Niners""",14,9,-5,49.5,TRUE',
    );
    expect(first?.game).toMatchObject({
      id: '2010-09-09-49ers-niners-at-st-louis-rams',
      week: '1',
      awayTeam: '49ers, "Niners"',
      neutralSite: true,
    });
  });

  it('may have games that are still to come, and markets that are not offered yet', () => {
    const [game] = read(HEADER, '2026,12,2026-11-29,Buffalo Bills,Miami Dolphins,,,,44,false');
    expect(game?.game).toMatchObject({
      state: 'scheduled',
      homeScore: null,
      awayScore: null,
      homeLine: null,
      homeSpreadOdds: null,
      homeMoneyline: null,
      overOdds: -110,
    });
  });

  it("may give odds, and an empty one is the table's", () => {
    const [game] = read(
      `${HEADER},home_spread_odds,away_moneyline,over_odds`,
      `${SAINTS},-105,+190,`,
    );
    expect(game?.game).toMatchObject({
      homeSpreadOdds: -105,
      awaySpreadOdds: -110,
      awayMoneyline: 190,
      homeMoneyline: -220,
      overOdds: -110,
    });
  });

  it('may have a header and nothing else', () => {
    expect(read(HEADER)).toEqual([]);
  });
});

describe('a bad cell', () => {
  it.each([
    ['season', 'MMX', '"MMX" is not a whole number from 1900 to 2200'],
    ['season', '1899', '"1899" is not a whole number from 1900 to 2200'],
    ['week', '', '"" is not a name of 1 to 40 characters'],
    ['date', '2010-02-30', '"2010-02-30" is not a date such as 2010-09-09'],
    ['date', '2010-13-01', '"2010-13-01" is not a date such as 2010-09-09'],
    ['date', '9/9/2010', '"9/9/2010" is not a date such as 2010-09-09'],
    ['home_team', '---', '"---" is not a name of 1 to 80 characters'],
    ['away_team', 'new orleans SAINTS', 'is the same as the home team'],
    ['home_score', 'abc', '"abc" is not a whole number from 0 to 200'],
    ['home_score', '-1', '"-1" is not a whole number from 0 to 200'],
    ['home_score', '201', '"201" is not a whole number from 0 to 200'],
    ['home_score', '14.5', '"14.5" is not a whole number from 0 to 200'],
    ['home_score', '', 'is empty but the other score is not: give both or neither'],
    ['away_score', '', 'is empty but the other score is not: give both or neither'],
    [
      'home_line',
      '-3.25',
      '"-3.25" is not a number of whole or half points from -100 to 100, such as 3.5',
    ],
    [
      'home_line',
      'PK',
      '"PK" is not a number of whole or half points from -100 to 100, such as 3.5',
    ],
    ['total_line', '0', '"0" is not a number of whole or half points from 0.5 to 400, such as 3.5'],
    ['neutral_site', 'no', '"no" is not true or false'],
  ])('in %s is named: %s', (column, cell, problem) => {
    const text = [HEADER, BILLS, withCell(column, cell)].join('\n');
    expect(problemsOf(text)).toEqual([`games.csv: line 3, column ${column}: ${problem}`]);
  });

  it.each(['0', '99', '-99', '110.5', 'EVEN', '1000000'])('of odds is named: %s', (cell) => {
    expect(problemsOf(`${HEADER},over_odds\n${SAINTS},${cell}`)).toEqual([
      `games.csv: line 2, column over_odds: "${cell}" is not American odds, from 100 to 100000 or from -100 to -100000`,
    ]);
  });

  it('of odds without their line is named', () => {
    const text = `${HEADER},under_odds\n${withCell('total_line', '')},-110`;
    expect(problemsOf(text)).toEqual([
      'games.csv: line 2, column under_odds: has odds but there is no line for them',
    ]);
  });

  it('does not hide the others: each of them is told, the first 20 in full', () => {
    const bad = SAINTS.replace('14,9', 'x,y');
    expect(problemsOf([HEADER, bad, bad].join('\n'))).toHaveLength(4);
    const many = problemsOf([HEADER, ...Array.from({ length: 1_500 }, () => bad)].join('\n'));
    expect(many).toHaveLength(21);
    expect(many[19]).toMatch(/^games\.csv: line 11, column away_score: /);
    expect(many[20]).toBe('and 2,980 more');
  });

  it('that is long is cut short in the message', () => {
    const [problem = ''] = problemsOf([HEADER, withCell('season', 'x'.repeat(5_000))].join('\n'));
    expect(problem.length).toBeLessThan(200);
  });
});

describe('a bad file', () => {
  it('with a misspelt header says which name is nearest', () => {
    const header = HEADER.replace('home_score', 'home_scor').replace(
      'neutral_site',
      'Neutral Site',
    );
    expect(problemsOf(`${header}\n${SAINTS}`)).toEqual([
      'games.csv: line 1: unknown column "home_scor": did you mean home_score?',
      'games.csv: line 1: unknown column "Neutral Site": did you mean neutral_site?',
      'games.csv: line 1: column home_score is missing',
      'games.csv: line 1: column neutral_site is missing',
    ]);
  });

  it('with a column of its own, or one twice, says so', () => {
    expect(problemsOf(`${HEADER},stadium,week\n${SAINTS},x,1`)).toEqual([
      'games.csv: line 1: unknown column "stadium"',
      'games.csv: line 1: duplicate column week',
    ]);
  });

  it.each(['', '\n\n', '\uFEFF'])('that is empty says what it needs: %j', (text) => {
    expect(problemsOf(text)).toEqual([
      `games.csv: the file is empty: its first line must name the columns ${HEADER}`,
    ]);
  });

  it('with too few or too many columns in a line says where', () => {
    const text = [HEADER, SAINTS, BILLS.replace(',true', ''), `${BILLS},extra`].join('\n');
    expect(problemsOf(text)).toEqual([
      'games.csv: line 3: 9 columns, but the header has 10',
      'games.csv: line 4: 11 columns, but the header has 10',
    ]);
  });

  it('with one game twice says where it was before', () => {
    expect(problemsOf([HEADER, SAINTS, BILLS, SAINTS.replace('14,9', '14,10')].join('\n'))).toEqual(
      [
        'games.csv: line 4: duplicate of line 2, Minnesota Vikings at New Orleans Saints on 2010-09-09',
      ],
    );
  });

  it('with a quote that never ends is no CSV', () => {
    const problems = problemsOf(`${HEADER}\n${SAINTS.replace('New', '"New')}\n${BILLS}\n`);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^games\.csv: line \d: this is not CSV: /);
  });
});
