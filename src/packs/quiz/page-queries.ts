// SQL of the pages that leaderboards are read from.

import type { Queryable } from '../../database/database.ts';
import type { LeaderboardType } from './rules.ts';

/** Places per page. With names of usual length, a page fits into a row without TOAST. */
const PLACES = 32;

/** Updates the pages of a board from its rows. */
export async function writePages(db: Queryable, type: LeaderboardType): Promise<void> {
  await db.query(
    `with place as (
       select *, row_number() over (order by rank, user_id) as at from quiz.ranking where type = '${type}'
     ), next as materialized (
       select ((at - 1) / ${PLACES})::integer as page, array_agg(rank order by at) as ranks,
         array_agg(user_id::text order by at) as user_ids, array_agg(username order by at) as usernames,
         array_agg(score::bigint order by at) as scores
       from place group by 1
     ), gone as (
       delete from quiz.ranking_page where type = '${type}' and page >= (select count(*) from next)
     )
     insert into quiz.ranking_page as page (type, page, ranks, user_ids, usernames, scores)
     select '${type}', page, ranks, user_ids, usernames, scores from next
     on conflict (type, page) do update
     set ranks = excluded.ranks, user_ids = excluded.user_ids, usernames = excluded.usernames, scores = excluded.scores
     where (page.ranks, page.user_ids, page.usernames, page.scores)
       is distinct from (excluded.ranks, excluded.user_ids, excluded.usernames, excluded.scores)`,
  );
}

/** A place on a board. */
export interface Place {
  /** Starts at 1. */
  readonly rank: number;
  readonly userId: string;
  readonly username: string;
  readonly score: number;
}

/** All places on the pages. `at` numbers them from 1. */
const ON_PAGES = `
  select rank, user_id as "userId", username, score, page * ${PLACES} + n as at
  from quiz.ranking_page as page
  cross join lateral unnest(ranks, user_ids, usernames, scores) with ordinality as place (rank, user_id, username, score, n)`;
const PLACE = `rank, "userId", username, score`;

export async function topPlaces(
  db: Queryable,
  type: LeaderboardType,
  count: number,
): Promise<Place[]> {
  const { rows } = await db.query<Place>(
    `select ${PLACE} from (${ON_PAGES} where type = $1 and page < ($2::int + ${PLACES} - 1) / ${PLACES}) as places order by at limit $2`,
    [type, count],
  );
  return rows;
}

/** A player with up to `reach` others on each side. Empty if the player is not on this board. */
export async function placesAround(
  db: Queryable,
  type: LeaderboardType,
  userId: string,
  reach: number,
): Promise<Place[]> {
  const { rows } = await db.query<Place>(
    `with here as (
       select page from quiz.ranking_page
       where type = $1 and ranks[1] <= (select rank from quiz.ranking where type = $1 and user_id = $2)
       order by ranks[1] desc, page desc limit 1
     ), near as (
       ${ON_PAGES} where type = $1
         and page between (select page from here) - $3::int / ${PLACES} - 1 and (select page from here) + $3::int / ${PLACES} + 1
     ), player as (select at from near where "userId" = $2)
     select ${PLACE} from near where at between (select at from player) - $3 and (select at from player) + $3 order by at`,
    [type, userId, reach],
  );
  return rows;
}

export async function placeOfPlayer(
  db: Queryable,
  type: LeaderboardType,
  userId: string,
): Promise<Place | null> {
  const { rows } = await db.query<Place>(
    `select rank, user_id as "userId", username, score from quiz.ranking where type = $1 and user_id = $2`,
    [type, userId],
  );
  return rows[0] ?? null;
}

/**
 * The places on `pages` pages of this version of a board, in order. Empty after the last page, and if the board now has another
 * version.
 */
export async function placesOnPages(
  db: Queryable,
  type: LeaderboardType,
  version: number,
  { from, pages }: { from: number; pages: number },
): Promise<Place[]> {
  const { rows } = await db.query<Place>(
    `select ${PLACE} from (
       ${ON_PAGES} where type = $1 and page >= $3 and page < $3 + $4::int
         and exists (select from quiz.board where board.type = $1 and version = $2)
     ) as places order by at`,
    [type, version, from, pages],
  );
  return rows;
}
