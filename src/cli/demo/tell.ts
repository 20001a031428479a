import { GAMES, type Game } from '../../packs/arcade/game.ts';
import type { PoolOfWeek } from '../../packs/arcade/play-queries.ts';
import { formatUsdc, shortAddress } from '../../packs/arcade/rules.ts';
import type { Place } from '../../packs/quiz/page-queries.ts';
import { colors } from '../colors.ts';
import { count, facts, table } from '../output.ts';
import type { ArcadeWeek } from './arcade.ts';
import { dayName } from './days.ts';
import type { QuizWeek } from './quiz.ts';
import type { Upkeep } from './simulate.ts';

// Tables have at most 40 columns, to fit a phone or a split screen.

const titled = (title: string, ...lines: string[]): string =>
  [colors.bold(title), ...lines].join('\n');

export function tellQuiz({ days, board, upkeep }: QuizWeek & { upkeep: Upkeep }): string {
  const play = days.map(({ date, players, quizzes, xp, withoutLife }) => [
    dayName(date),
    players,
    quizzes,
    xp,
    withoutLife,
  ]);
  const lives = days.map((day) => [
    dayName(day.date),
    day.livesLost,
    day.livesGiven,
    day.abandoned,
    day.streaksBroken,
    day.streaksSaved,
  ]);
  return [
    titled(
      'Play',
      table(['day', 'players', 'quizzes', 'XP', 'no lives'], play, ''),
      colors.dim('no lives: refused for lack of lives'),
    ),
    titled(
      'Lives, sessions, streaks',
      table(['day', 'lost', 'given', 'left', 'broken', 'saved'], lives, ''),
      colors.dim('left: abandoned sessions'),
    ),
    titled('Weekly board at the end of the week', places(board.before)),
    titled(
      'Monday, 00:00: the reset',
      `${count(board.archived)} players archived.`,
      `Best score after it: ${count(board.bestAfterReset)}.`,
    ),
    titled('Weekly board, Monday, 09:00', places(board.after)),
    tellUpkeep('quiz', upkeep),
  ].join('\n\n');
}

function places(board: readonly Place[]): string {
  const rows = board.map(({ rank, username, score }) => [rank, username, score]);
  return table(['rank', 'player', 'XP'], rows, 'No entries.');
}

export function tellArcade({
  days,
  pools,
  totals,
  upkeep,
}: ArcadeWeek & { upkeep: Upkeep }): string {
  const play = days.map(({ date, games, paidMicroUsdc, expired, archived }) => [
    dayName(date),
    games,
    formatUsdc(paidMicroUsdc).padStart(6),
    expired,
    archived,
  ]);
  const dates = [...new Set(days.map(({ date }) => date))].slice(0, -1);
  const daily = dates.flatMap((date) => [
    titled(`${dayName(date)}: pools of the day`, poolTable(pools, 'daily', date)),
  ]);
  const [monday = ''] = dates;
  return [
    titled(
      'Play, in USDC',
      table(['day', 'games', '  paid', 'expired', 'archived'], play, ''),
      colors.dim('expired: paid but never finished'),
      colors.dim('archived: entries older than 90 days'),
    ),
    ...daily,
    titled('Pools of the week', poolTable(pools, 'weekly', monday)),
    titled(
      'Totals in USDC',
      facts([
        ['payments', usdc(totals.paymentsMicroUsdc)],
        ['to pools', usdc(totals.poolsMicroUsdc)],
        ['  won', usdc(totals.wonMicroUsdc)],
        ['  still open', usdc(totals.openMicroUsdc)],
        ['the house', usdc(totals.houseMicroUsdc)],
        ['pools ≤ payments', totals.poolsWithinPayments ? 'holds' : colors.red('is broken')],
      ]),
    ),
    tellUpkeep('arcade', upkeep),
  ].join('\n\n');
}

function poolTable(pools: readonly PoolOfWeek[], period: string, date: string): string {
  const rows = GAMES.map((game) => {
    const pool = pools.find(
      (one) => one.game === game && one.period === period && one.periodDate === date,
    );
    return [nameOf(game), ...endOf(pool)];
  });
  return table(['game', 'winner', 'prize'.padStart(7)], rows, '');
}

function endOf(pool: PoolOfWeek | undefined): [string, string] {
  if (!pool) return ['no games', ''];
  if (pool.winnerAddress) return [shortAddress(pool.winnerAddress), usdc(pool.totalMicroUsdc)];
  return ['rolls over', usdc(pool.rolledOutMicroUsdc)];
}

const nameOf = (game: Game): string => game.replace('_', ' ');

/** With its point under the others' points: for a column of amounts. */
function usdc(microUsdc: number): string {
  const [whole = '', fraction = ''] = formatUsdc(microUsdc).split('.');
  return `${whole.padStart(4)}.${fraction.padEnd(4)}`;
}

function tellUpkeep(pack: string, { jobs, failed, auditRows, auditVerified }: Upkeep): string {
  return titled(
    'Jobs and audit',
    `${count(jobs)} jobs ran, ${count(failed)} failed.`,
    `Audit log: ${count(auditRows)} rows, ${auditVerified ? 'verified' : colors.red('not as sealed')}.`,
    '',
    `To run the ${pack} jobs in real time:`,
    'humdrum start, then humdrum jobs list',
  );
}
