import { describe, expect, it } from 'vitest';
import { arcadeStory } from '../../src/cli/demo/arcade.ts';
import { quizStory } from '../../src/cli/demo/quiz.ts';
import { simulate, WEEK } from '../../src/cli/demo/simulate.ts';
import { tellArcade, tellQuiz } from '../../src/cli/demo/tell.ts';
import type { Database } from '../../src/database/database.ts';
import { quizPlay } from '../../src/packs/quiz/play.ts';
import { ALL } from '../support/databases.ts';
import { cli } from '../support/process.ts';

const PLAYERS = 40;
const SEED = 'test';
const ARGS = ['--players', String(PLAYERS), '--seed', SEED];

async function rowsOf<Row>(db: Database, sql: string, params: unknown[] = []): Promise<Row[]> {
  return (await db.query<Row>(sql, params)).rows;
}

/** By day, from the tables that the jobs and the players have written. */
async function recountQuiz(db: Database) {
  const byDay = async (sql: string) =>
    Object.fromEntries(
      (await rowsOf<{ day: string; count: number }>(db, sql)).map(({ day, count }) => [day, count]),
    );
  const day = (column: string) => `(${column} at time zone 'UTC')::date::text as day`;
  const [lives] = await rowsOf<{ sum: number }>(
    db,
    'select sum(current_lives)::int as sum from quiz.lives',
  );
  const [left] = await rowsOf<{ sum: number }>(
    db,
    'select sum(protections_remaining)::int as sum from quiz.player_progress',
  );
  const [broken] = await rowsOf<{ count: number }>(
    db,
    `select count(*)::int as count from humdrum.effect where name = 'quiz.streak-broken'`,
  );
  return {
    quizzes: await byDay(
      `select ${day('started_at')}, count(*)::int from quiz.quiz_session where status = 'completed' group by 1`,
    ),
    abandoned: await byDay(
      `select ${day('completed_at')}, count(*)::int from quiz.quiz_session where status = 'expired' group by 1`,
    ),
    players: await byDay(
      `select ${day('started_at')}, count(distinct user_id)::int as count from quiz.quiz_session group by 1`,
    ),
    xp: await byDay(`select ${day('at')}, sum(xp)::int as count from quiz.xp_event group by 1`),
    lives: lives?.sum,
    protectionsLeft: left?.sum,
    broken: broken?.count,
    board: await rowsOf(
      db,
      `select user_id as "userId", sum(xp)::int as score from quiz.xp_event
       where at >= $1::timestamptz and at < $1::timestamptz + interval '7 days'
       group by user_id order by score desc, max(at) desc, user_id limit 5`,
      [WEEK.toISOString()],
    ),
  };
}

/** Winners and money of each pool that was won, from payments and games alone. */
async function recountArcade(db: Database) {
  const pools = await rowsOf<{ winner: string | null }>(
    db,
    `with span (period, date, until) as (
       select 'daily', d::date, d::date + 1 from generate_series($1::date, $1::date + 6, interval '1 day') as d
       union all select 'weekly', $1::date, $1::date + 7
     ), paid as (
       select game_type, period, date, sum(amount_micro_usdc * 35 / 100)::bigint as share
       from arcade.payment join span on paid_at >= date::timestamp at time zone 'UTC' and paid_at < until::timestamp at time zone 'UTC'
       group by 1, 2, 3
     )
     select game_type as game, period, date::text as "periodDate", share,
       (select player_address from arcade.game_session as played
        where played.game_type = paid.game_type and status = 'completed'
          and completed_at >= date::timestamp at time zone 'UTC'
          and completed_at < (select until from span where span.period = paid.period and span.date = paid.date)::timestamp at time zone 'UTC'
        order by score desc, completed_at, id limit 1) as winner
     from paid order by period, date, game_type`,
    [WEEK.toISOString().slice(0, 10)],
  );
  const [ended] = await rowsOf<{ expired: number; archived: number; total: number }>(
    db,
    `select (select count(*) from arcade.game_session where status = 'expired')::int as expired,
       (select count(*) from arcade.leaderboard_archive)::int as archived,
       (select sum(amount_micro_usdc) from arcade.payment where paid_at >= $1::timestamptz)::bigint as total`,
    [WEEK.toISOString()],
  );
  return { pools, ended };
}

const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);
const width = (text: string) => Math.max(...text.split('\n').map((line) => line.length));

describe('humdrum demo', () => {
  // Half a minute of computing for each.
  it.runIf(ALL)(
    'quiz tells what the tables say, in 40 columns',
    async () => {
      let counted: Awaited<ReturnType<typeof recountQuiz>> | undefined;
      const story = quizStory(PLAYERS, SEED);
      const week = await simulate({
        ...story,
        tell: async (humdrum) => {
          counted = await recountQuiz(humdrum.database);
          return story.tell(humdrum);
        },
      });
      const of = (key: 'quizzes' | 'abandoned' | 'players' | 'xp') =>
        Object.fromEntries(
          week.days.filter((day) => day[key] > 0).map((day) => [day.date, day[key]]),
        );
      const all = (key: 'livesLost' | 'livesGiven' | 'streaksBroken' | 'streaksSaved') =>
        sum(week.days.map((day) => day[key]));
      const given = sum(
        quizPlay(PLAYERS, SEED, WEEK).players.map(({ protections }) => protections),
      );
      expect({
        quizzes: of('quizzes'),
        abandoned: of('abandoned'),
        players: of('players'),
        xp: of('xp'),
        lives: 5 * PLAYERS - all('livesLost') + all('livesGiven'),
        protectionsLeft: given - all('streaksSaved'),
        broken: all('streaksBroken'),
        board: week.board.before.map(({ userId, score }) => ({ userId, score })),
      }).toEqual(counted);
      expect(
        Math.min(all('streaksBroken'), all('streaksSaved'), all('livesGiven')),
      ).toBeGreaterThan(0);
      expect(week.board.bestAfterReset).toBe(0);
      expect(week.upkeep).toMatchObject({ failed: 0, auditVerified: true });

      const text = tellQuiz(week);
      expect(text).toMatch(/Monday, 00:00: the reset\n\d+ players archived\./);
      expect(width(text)).toBeLessThanOrEqual(40);
    },
    240_000,
  );

  it.runIf(ALL)(
    'arcade tells what the tables say, and --json tells the same',
    async () => {
      let counted: Awaited<ReturnType<typeof recountArcade>> | undefined;
      const story = arcadeStory(PLAYERS, SEED);
      const process = cli(['demo', 'arcade', '--json', ...ARGS]);
      const week = await simulate({
        ...story,
        tell: async (humdrum) => {
          counted = await recountArcade(humdrum.database);
          return story.tell(humdrum);
        },
      });
      const { pools, totals } = week;
      expect(counted?.pools).toEqual(
        pools.map((pool) => ({
          game: pool.game,
          period: pool.period,
          periodDate: pool.periodDate,
          share: pool.totalMicroUsdc + pool.rolledOutMicroUsdc - pool.rolledInMicroUsdc,
          winner: pool.winnerAddress,
        })),
      );
      expect(counted?.ended).toEqual({
        expired: sum(week.days.map(({ expired }) => expired)),
        archived: sum(week.days.map(({ archived }) => archived)),
        total: totals.paymentsMicroUsdc,
      });
      expect(pools.some(({ rolledOutMicroUsdc }) => rolledOutMicroUsdc > 0)).toBe(true);
      expect(totals.wonMicroUsdc + totals.openMicroUsdc).toBe(totals.poolsMicroUsdc);
      expect(totals).toMatchObject({ poolsWithinPayments: true });
      const text = tellArcade(week);
      expect(text).toMatch(/Wed 4: pools of the day\n[^]*?pong +no games/);
      expect(text).toMatch(/Thu 5: pools of the day\n[^]*?breakout +rolls over +[1-9\d]*\.\d/);
      expect(width(text)).toBeLessThanOrEqual(40);

      const { code, stdout, stderr } = await process;
      expect({ code, stderr }).toEqual({
        code: 0,
        stderr: 'Simulating a week of arcade with 40 players in memory.\n',
      });
      expect(JSON.parse(stdout)).toEqual({ pack: 'arcade', players: PLAYERS, seed: SEED, ...week });
    },
    240_000,
  );

  it.each([
    [['demo', 'quizz'], /There is no demo "quizz"\. Did you mean "quiz"\?/],
    [['demo', 'quiz', '--players', '0'], /Expected a whole number from 1 to 2,000\./],
    [['demo', 'quiz', '--url', 'http://127.0.0.1:1'], /does not support --url/],
    [['demo'], /missing required argument 'pack'/],
  ])('%j is refused', async (args, says) => {
    const { code, stdout, stderr } = await cli(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(says);
  });
});
