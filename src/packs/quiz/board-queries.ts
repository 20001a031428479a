/** SQL of leaderboards. A board is written in one statement for any number of players. */

import type { Queryable } from '../../database/database.ts';
import type { LeaderboardType, Period } from './rules.ts';

const MOST_POINTS = Number.MAX_SAFE_INTEGER;
const MOST_NAMED = 100;

const LIFETIME = `select user_id, username, xp as score, xp_at from quiz.player_progress`;

/** All players with the XP earned from $1 until before $2. The score is null if the sum exceeds the exact numbers. */
const OF_PERIOD = `
  select player.user_id, player.username, earned.xp_at,
    case when earned.user_id is null then 0 else earned.score end as score
  from quiz.player_progress as player
  left join (
    select user_id, max(at) as xp_at, case when sum(xp) <= ${MOST_POINTS} then sum(xp)::bigint end as score
    from quiz.xp_event where at >= $1::timestamptz and at < $2::timestamptz group by user_id
  ) as earned using (user_id)`;

/** Players without a score come last and are not on the board. */
const placed = (scores: string): string => `
  select user_id, username, score, xp_at,
    row_number() over (order by score desc nulls last, xp_at desc nulls last, user_id) as rank
  from (${scores}) as scored`;

// ------------------------------------------------------------------------------------------------ the board

export interface Board {
  /** Increases with each change of the rows. 0: never calculated. */
  readonly version: number;
  readonly changedAt: Date | null;
  readonly asOf: Date | null;
  readonly periodStart: Date | null;
  readonly players: number;
}

const BOARD = `select version, changed_at as "changedAt", as_of as "asOf", period_start as "periodStart", players
  from quiz.board`;

/** Null if the board does not exist yet. */
export async function readBoard(db: Queryable, type: LeaderboardType): Promise<Board | null> {
  const { rows } = await db.query<Board>(`${BOARD} where type = $1`, [type]);
  return rows[0] ?? null;
}

/** Locks the board against other writers until the transaction ends. Creates it if needed. */
export async function lockBoard(db: Queryable, type: LeaderboardType): Promise<Board> {
  await db.query(
    `insert into quiz.board (type, version, players) values ($1, 0, 0) on conflict do nothing`,
    [type],
  );
  const { rows } = await db.query<Board>(`${BOARD} where type = $1 for update`, [type]);
  const [board] = rows;
  if (!board) throw new Error(`The board ${type} disappeared right after it was created.`);
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

/** A range of player ids, both ends included. Null: unbounded. */
export interface Players {
  readonly first: string | null;
  readonly last: string | null;
}

export const EVERYBODY: Players = { first: null, last: null };

export interface Written {
  readonly added: number;
  readonly moved: number;
  readonly removed: number;
  /** Players whose points exceed the exact numbers: the first 100 of `unfitCount`. */
  readonly unfit: readonly string[];
  readonly unfitCount: number;
}

/**
 * Updates the score and rank of these players. Does not touch rows that are already correct. `period`: null for lifetime scores.
 */
export async function writeRanking(
  db: Queryable,
  type: LeaderboardType,
  period: Period | null,
  { first, last }: Players,
): Promise<Written> {
  const [from, to] = period ? ['$3', '$4'] : ['$1', '$2'];
  // The type is a literal, so that the planner reads only this board's partition. Differences are found in one pass over both
  // sides, so that an hour without XP costs only that pass.
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
  if (!row) throw new Error('The counting query returned no row.');
  return row;
}

/** All players who are or should be on the board, in ranges of up to `size`. */
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

/** The ids of the players in a range. */
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

/** Starts the archive of a period. Returns the number of players who earned XP in it, or null if it was archived before. */
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

/** Archives the places of these players in the period, if they earned XP in it. */
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
