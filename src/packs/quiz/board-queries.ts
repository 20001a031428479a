/** The SQL of leaderboards. A board is written in one statement, however many players are on it. */

import type { Queryable } from '../../database/database.ts';
import type { LeaderboardType, Period } from './rules.ts';

const MOST_POINTS = Number.MAX_SAFE_INTEGER;
const MOST_NAMED = 100;

const LIFETIME = `select user_id, username, xp as score, xp_at from quiz.player_progress`;

/** All players, with what they earned from $1 on and before $2. A sum that cannot be kept exactly is no score. */
const OF_PERIOD = `
  select player.user_id, player.username, earned.xp_at,
    case when earned.user_id is null then 0 else earned.score end as score
  from quiz.player_progress as player
  left join (
    select user_id, max(at) as xp_at, case when sum(xp) <= ${MOST_POINTS} then sum(xp)::bigint end as score
    from quiz.xp_event where at >= $1::timestamptz and at < $2::timestamptz group by user_id
  ) as earned using (user_id)`;

/** Players without a score come last: they are on no board. */
const placed = (scores: string): string => `
  select user_id, username, score, xp_at,
    row_number() over (order by score desc nulls last, xp_at desc nulls last, user_id) as rank
  from (${scores}) as scored`;

// ------------------------------------------------------------------------------------------------ the board

export interface Board {
  /** One more with each change of its rows. 0: it has never been made. */
  readonly version: number;
  readonly changedAt: Date | null;
  readonly asOf: Date | null;
  readonly periodStart: Date | null;
  readonly players: number;
}

const BOARD = `select version, changed_at as "changedAt", as_of as "asOf", period_start as "periodStart", players
  from quiz.board`;

/** Null: nobody has begun it. */
export async function readBoard(db: Queryable, type: LeaderboardType): Promise<Board | null> {
  const { rows } = await db.query<Board>(`${BOARD} where type = $1`, [type]);
  return rows[0] ?? null;
}

/** Until the transaction ends nobody else writes it. */
export async function lockBoard(db: Queryable, type: LeaderboardType): Promise<Board> {
  await db.query(
    `insert into quiz.board (type, version, players) values ($1, 0, 0) on conflict do nothing`,
    [type],
  );
  const { rows } = await db.query<Board>(`${BOARD} where type = $1 for update`, [type]);
  const [board] = rows;
  if (!board) throw new Error(`The board ${type} has just been made, and is gone.`);
  return board;
}

export async function updateBoard(
  db: Queryable,
  type: LeaderboardType,
  { version, changedAt, asOf, periodStart }: Omit<Board, 'players'>,
): Promise<number> {
  const { rows } = await db.query<{ players: number }>(
    `update quiz.board set version = $2, changed_at = $3, as_of = $4, period_start = $5,
       players = (select count(*) from quiz.ranking where ranking.type = $1)
     where type = $1 returning players`,
    [type, version, changedAt, asOf, periodStart],
  );
  return rows[0]?.players ?? 0;
}

/** Which players, by their ids, both ends included. Null: all from there, or up to there. */
export interface Players {
  readonly first: string | null;
  readonly last: string | null;
}

export const EVERYBODY: Players = { first: null, last: null };

export interface Written {
  readonly added: number;
  readonly moved: number;
  readonly removed: number;
  /** Players whose points cannot be kept exactly, the first hundred of `unfitCount`. */
  readonly unfit: readonly string[];
  readonly unfitCount: number;
}

/**
 * Brings the rows of these players up to date: score and place among all. Rows that are as they should be are not
 * touched. `period`: null for scores of a lifetime.
 */
export async function writeRanking(
  db: Queryable,
  type: LeaderboardType,
  period: Period | null,
  { first, last }: Players,
): Promise<Written> {
  const [from, to] = period ? ['$3', '$4'] : ['$1', '$2'];
  // The type stands in the statement, so that the planner looks at this board's part alone. What differs is found in one
  // pass over both sides, and so an hour in which nobody has earned costs that pass and no more.
  const { rows } = await db.query<Written>(
    `with change as materialized (
       select coalesce(standing.user_id, present.user_id) as user_id, standing.username, standing.score, standing.xp_at,
         standing.rank, present.user_id is not null as is_there, standing.score is not null as should_be,
         standing.user_id is not null and standing.score is null as unfit
       from (${placed(period ? OF_PERIOD : LIFETIME)}) as standing
       full join (select * from quiz.ranking where type = '${type}') as present on present.user_id = standing.user_id
       where (standing.username, standing.score, standing.xp_at, standing.rank)
           is distinct from (present.username, present.score, present.xp_at, present.rank)
         and (${from}::text is null or coalesce(standing.user_id, present.user_id) >= ${from})
         and (${to}::text is null or coalesce(standing.user_id, present.user_id) <= ${to})
     ), moved as (
       update quiz.ranking
       set username = change.username, score = change.score, xp_at = change.xp_at, rank = change.rank
       from change
       where ranking.type = '${type}' and ranking.user_id = change.user_id and is_there and should_be
       returning 1
     ), added as (
       insert into quiz.ranking (type, user_id, username, score, xp_at, rank)
       select '${type}', user_id, username, score, xp_at, rank from change where should_be and not is_there
       returning 1
     ), removed as (
       delete from quiz.ranking using change
       where ranking.type = '${type}' and ranking.user_id = change.user_id and is_there and not should_be
       returning 1
     )
     select (select count(*) from added)::int as added, (select count(*) from moved)::int as moved,
       (select count(*) from removed)::int as removed, ${unfitOf('change')}`,
    [...(period ? [period.start, period.end] : []), first, last],
  );
  return theOnly(rows);
}

const unfitOf = (players: string): string => `
  (select count(*) from ${players} where unfit)::int as "unfitCount",
  array(select user_id::text from ${players} where unfit order by user_id limit ${MOST_NAMED}) as unfit`;

function theOnly<Row>([row]: readonly Row[]): Row {
  if (!row) throw new Error('Counts come in one row.');
  return row;
}

/** Everybody who is on the board or should be, in stretches of up to `size`. */
export async function stretchesOfPlayers(
  db: Queryable,
  type: LeaderboardType,
  size: number,
): Promise<{ first: string; last: string }[]> {
  const { rows } = await db.query<{ first: string; last: string }>(
    `select min(user_id) as first, max(user_id) as last from (
       select user_id, (row_number() over (order by user_id) - 1) / $2::int as stretch from (
         select user_id from quiz.player_progress
         union select user_id from quiz.ranking where type = $1
       ) as players
     ) as numbered
     group by stretch order by stretch`,
    [type, size],
  );
  return rows;
}

/** The players of a stretch, one by one. */
export async function playersWithin(
  db: Queryable,
  type: LeaderboardType,
  { first, last }: Players,
): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select user_id as id from quiz.player_progress where user_id >= $2 and user_id <= $3
     union select user_id from quiz.ranking where type = $1 and user_id >= $2 and user_id <= $3
     order by id`,
    [type, first, last],
  );
  return rows.map(({ id }) => id);
}

// ------------------------------------------------------------------------------------------------ the archive

/** Enters a period that has ended. Answers how many players earned in it, and null where it was entered before. */
export async function beginArchive(
  db: Queryable,
  type: LeaderboardType,
  { start, end }: Period,
  at: Date,
): Promise<number | null> {
  const { rows } = await db.query<{ players: number }>(
    `insert into quiz.ranking_archive (type, period_start, period_end, players, archived_at)
     values ($1, $2, $3, (select count(distinct user_id) from quiz.xp_event where at >= $2 and at < $3), $4)
     on conflict do nothing returning players`,
    [type, start, end, at],
  );
  return rows[0]?.players ?? null;
}

/** Enters the places of these players in the period, of those who earned in it. */
export async function archivePlaces(
  db: Queryable,
  type: LeaderboardType,
  { start, end }: Period,
  { first, last }: Players,
): Promise<Pick<Written, 'added' | 'unfit' | 'unfitCount'>> {
  const within = '($4::text is null or user_id >= $4) and ($5::text is null or user_id <= $5)';
  const { rows } = await db.query<Written>(
    `with standing as materialized (
       select *, score is null as unfit from (${placed(OF_PERIOD)}) as everybody where ${within}
     ), added as (
       insert into quiz.ranking_archive_entry (type, period_start, user_id, username, score, xp_at, rank)
       select $3::text, $1, user_id, username, score, xp_at, rank from standing where score > 0
       returning 1
     )
     select (select count(*) from added)::int as added, ${unfitOf('standing')}`,
    [start, end, type, first, last],
  );
  return theOnly(rows);
}
