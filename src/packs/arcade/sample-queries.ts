/** SQL of sample data, generated in sets by integer arithmetic, so that it is the same on every machine. */

import type { Queryable } from '../../database/database.ts';

/** Whether any game data exists. */
export async function anyGame(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ any: boolean }>(
    `select exists (select from arcade.game_session) or exists (select from arcade.prize_pool)
       or exists (select from arcade.leaderboard_entry) as any`,
  );
  return rows[0]?.any ?? false;
}

/** A pseudo-random number for game `n`, from 0 to 2,147,483,646, in a different sequence per salt. Squared to hide patterns. */
const drawn = (salt: number): string => {
  const linear = `((n::bigint * 1103515245 + ${salt * 12345677}) % 2147483647)`;
  return `(${linear} * ${linear} % 2147483647 * 48271 % 2147483647)`;
};
const hex = (text: string, digits: number): string =>
  `'0x' || left(encode(sha256(convert_to(${text}, 'UTF8')), 'hex'), ${digits})`;
const idOf = (n: string): string => `'game-' || lpad((${n})::text, 7, '0')`;

export interface SampleShape {
  readonly games: number;
  readonly players: number;
  readonly from: Date;
  readonly until: Date;
}

/** Games `first` to `last` of `shape.games`, spread evenly over the period. Every fiftieth is abandoned, some are never paid. */
export async function makeSessions(
  db: Queryable,
  { games, players, from, until }: SampleShape,
  first: number,
  last: number,
): Promise<void> {
  await db.query(
    `with game (place, game_type, fee) as (
       values (0, 'snake', 10000), (1, 'tetris', 20000), (2, 'pong', 10000), (3, 'breakout', 15000),
              (4, 'space_invaders', 25000)
     ), played as (
       select n, game_type, fee, n % 400 = 7 as unpaid, ${drawn(1)} % $4::bigint as player, ${drawn(2)} % 1000 * 10 as score,
              $5::timestamptz + ((n - 1) * ($6::bigint / $3::bigint)) * interval '1 millisecond' as created_at,
              (60 + ${drawn(3)} % 840) * interval '1 second' as lasted
       from generate_series($1::bigint, $2::bigint) as n join game on place = ${drawn(4)} % 5
     ), ended as (
       select *, n % 50 <> 0 and not unpaid and created_at + lasted <= $7::timestamptz as completed from played
     )
     insert into arcade.game_session
       (id, game_type, player_address, payment_tx, amount_micro_usdc, score, status, created_at, completed_at)
     select ${idOf('n')}, game_type, ${hex(`'player ' || player`, 40)},
            case when not unpaid then ${hex(`'payment ' || n`, 64)} end, case when unpaid then 0 else fee end,
            case when completed then score end, case when completed then 'completed' else 'active' end,
            created_at, case when completed then created_at + lasted end
     from ended`,
    [first, last, games, players, from, until.getTime() - from.getTime(), until],
  );
}

export async function makePayments(db: Queryable, first: number, last: number): Promise<void> {
  await db.query(
    `insert into arcade.payment
       (payment_tx, game_type, player_address, amount_micro_usdc, daily_pool_date, weekly_pool_date, paid_at)
     select payment_tx, game_type, player_address, amount_micro_usdc, (created_at at time zone 'UTC')::date,
            date_trunc('week', created_at at time zone 'UTC')::date, created_at
     from arcade.game_session
     where payment_tx is not null and id between ${idOf('$1::int')} and ${idOf('$2::int')}`,
    [first, last],
  );
}

/** Creates the pools from all payments. */
export async function makePools(db: Queryable): Promise<void> {
  for (const period of ['daily', 'weekly']) {
    await db.query(
      `insert into arcade.prize_pool (game_type, period, period_date, total_micro_usdc, games, fees_micro_usdc)
       select game_type, '${period}', ${period}_pool_date, sum(${period}_micro_usdc), count(*), sum(amount_micro_usdc)
       from arcade.payment group by game_type, ${period}_pool_date`,
    );
  }
}

/** Creates each player's best entry per period from all completed games. */
export async function makeEntries(db: Queryable): Promise<void> {
  const dates = {
    daily: `(completed_at at time zone 'UTC')::date`,
    weekly: `date_trunc('week', completed_at at time zone 'UTC')::date`,
    alltime: `date '1970-01-01'`,
  };
  for (const [period, date] of Object.entries(dates)) {
    await db.query(
      `insert into arcade.leaderboard_entry
         (session_id, game_type, player_address, score, period, period_date, created_at)
       select distinct on (game_type, player_address, ${date})
              id, game_type, player_address, score, '${period}', ${date}, completed_at
       from arcade.game_session where status = 'completed'
       order by game_type, player_address, ${date}, score desc, completed_at, id`,
    );
  }
}

/** Creates entries whose sessions do not exist, at the bottom of the all-time boards. */
export async function makeOrphans(db: Queryable, count: number, at: Date): Promise<void> {
  await db.query(
    `insert into arcade.leaderboard_entry
       (session_id, game_type, player_address, score, period, period_date, created_at)
     select 'gone-' || n, (array['snake', 'tetris', 'pong', 'breakout', 'space_invaders'])[n % 5 + 1],
            ${hex(`'orphan ' || n`, 40)}, 0, 'alltime', '1970-01-01', $2::timestamptz
     from generate_series(1, $1::int) as n`,
    [count, at],
  );
}
