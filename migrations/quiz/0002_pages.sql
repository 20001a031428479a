-- A board is read by its pages, and so a new rank touches no index: the row of a player is replaced within its block
-- (a heap-only update), for which each block keeps room. That halves the time of a recalculation, and what it logs.

alter table quiz.ranking_global set (fillfactor = 45);
alter table quiz.ranking_weekly set (fillfactor = 45);
alter table quiz.ranking_monthly set (fillfactor = 45);
drop index quiz.ranking_by_rank;

-- The places of a board in their order, 32 on a page, as its rows have them. The last page may have fewer.
create table quiz.ranking_page (
  type      quiz.leaderboard   not null,
  page      integer            not null check (page >= 0),
  ranks     bigint[]           not null,
  user_ids  text[] collate "C" not null,
  usernames text[]             not null,
  scores    bigint[]           not null,
  primary key (type, page),
  constraint a_page_has_1_to_32_places check (cardinality(ranks) between 1 and 32),
  constraint a_place_has_all_of_its_parts check (
    cardinality(user_ids) = cardinality(ranks) and cardinality(usernames) = cardinality(ranks)
    and cardinality(scores) = cardinality(ranks)
  )
) with (fillfactor = 45);

-- On which page a rank stands. The ranks of a page stay the same while its players change.
create index ranking_page_by_rank on quiz.ranking_page (type, (ranks[1]));

insert into quiz.ranking_page (type, page, ranks, user_ids, usernames, scores)
select type, ((at - 1) / 32)::integer, array_agg(rank order by at), array_agg(user_id::text order by at),
  array_agg(username order by at), array_agg(score::bigint order by at)
from (select *, row_number() over (partition by type order by rank, user_id) as at from quiz.ranking) as place
group by 1, 2;
