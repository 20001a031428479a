-- Lives, streaks, sessions and leaderboards of a quiz. All times are UTC instants, all points are integers.
-- Ids are the program's own and there is no sequence: a rehearsal, rolled back, leaves nothing behind. They sort by bytes
-- (collate "C"), so that work, events and ties have one order on every server.

create schema if not exists quiz;

create domain quiz.points as bigint
  constraint points_fit_a_javascript_number check (value between 0 and 9007199254740991);

create domain quiz.id as text collate "C"
  constraint an_id_has_1_to_200_characters check (length(value) between 1 and 200);

create domain quiz.leaderboard as text collate "C"
  constraint a_leaderboard_is_known check (value in ('global', 'weekly', 'monthly'));

create table quiz.player_progress (
  user_id               quiz.id     primary key,
  username              text        not null,
  xp                    quiz.points not null default 0, -- of a lifetime
  xp_at                 timestamptz,                    -- when the last of it was earned
  current_streak        integer     not null default 0 check (current_streak >= 0),
  longest_streak        integer     not null default 0,
  last_quiz_at          timestamptz,
  protections_remaining smallint    not null default 0 check (protections_remaining between 0 and 2),
  protected_at          timestamptz, -- the tick that used the last protection: it covers the whole UTC day
  constraint xp_was_earned_at_some_time check (xp = 0 or xp_at is not null),
  constraint the_longest_streak_is_no_shorter check (longest_streak >= current_streak),
  constraint a_streak_has_a_last_quiz check (current_streak = 0 or last_quiz_at is not null)
);

create index player_progress_streak on quiz.player_progress (last_quiz_at) where current_streak > 0;

create table quiz.lives (
  user_id       quiz.id     primary key references quiz.player_progress on delete cascade,
  current_lives smallint    not null check (current_lives between 0 and 5),
  last_regen_at timestamptz,
  next_regen_at timestamptz,
  constraint the_next_life_comes_unless_all_are_there check ((current_lives = 5) = (next_regen_at is null))
);

create index lives_to_come on quiz.lives (next_regen_at) where next_regen_at is not null;

create table quiz.quiz_session (
  id           quiz.id     primary key,
  user_id      quiz.id     not null references quiz.player_progress on delete cascade,
  status       text        not null check (status in ('active', 'completed', 'expired')),
  started_at   timestamptz not null,
  expires_at   timestamptz not null,
  completed_at timestamptz, -- when it ended, one way or the other
  constraint a_session_expires_after_its_start check (expires_at > started_at),
  constraint a_session_is_active_or_has_ended check ((status = 'active') = (completed_at is null)),
  constraint a_session_ends_after_its_start check (completed_at >= started_at),
  constraint none_expires_before_its_time check (status <> 'expired' or completed_at >= expires_at)
);

-- The few that are under way; the many that have ended are not in it.
create index quiz_session_active on quiz.quiz_session (id, expires_at) where status = 'active';
create index quiz_session_of_user on quiz.quiz_session (user_id);

-- What was earned, when. Weekly and monthly scores are sums of it.
create table quiz.xp_event (
  user_id quiz.id     not null references quiz.player_progress on delete cascade,
  xp      quiz.points not null constraint xp_is_earned_and_never_taken check (xp > 0),
  at      timestamptz not null
);

create index xp_event_at on quiz.xp_event (at);
create index xp_event_of_user on quiz.xp_event (user_id);

-- Of what a leaderboard's rows are. It changes in the transaction that changes them, so who knows the version knows the rows.
create table quiz.board (
  type         quiz.leaderboard primary key,
  version      bigint      not null check (version >= 0), -- one more with each change of its rows,
  changed_at   timestamptz, -- by the tick at this instant
  as_of        timestamptz, -- the tick that last made it, whether rows changed or not
  period_start timestamptz, -- of the week or month; global has none
  players      bigint      not null check (players >= 0),
  constraint only_a_made_board_has_a_period check (period_start is null or (as_of is not null and type <> 'global'))
);

-- A part for each leaderboard: each is rebuilt and read by itself.
create table quiz.ranking (
  type     quiz.leaderboard not null,
  user_id  quiz.id          not null,
  username text             not null,
  score    quiz.points      not null,
  xp_at    timestamptz, -- when the last of the score was earned
  rank     bigint           not null check (rank >= 1),
  primary key (type, user_id),
  constraint a_score_was_earned_at_some_time check (score = 0 or xp_at is not null)
) partition by list (type);

create table quiz.ranking_global partition of quiz.ranking for values in ('global');
create table quiz.ranking_weekly partition of quiz.ranking for values in ('weekly');
create table quiz.ranking_monthly partition of quiz.ranking for values in ('monthly');
create index ranking_by_rank on quiz.ranking (type, rank, user_id);

-- One row for each week and month that has ended. The primary key is the promise: a period is archived once.
create table quiz.ranking_archive (
  type         quiz.leaderboard not null check (type <> 'global'),
  period_start timestamptz not null,
  period_end   timestamptz not null,
  players      bigint      not null check (players >= 0),
  archived_at  timestamptz not null,
  primary key (type, period_start),
  constraint a_period_ends_after_its_start check (period_end > period_start),
  constraint none_is_archived_before_its_end check (archived_at >= period_end)
);

-- Who had scored in it, and came where.
create table quiz.ranking_archive_entry (
  type         quiz.leaderboard not null,
  period_start timestamptz not null,
  user_id      quiz.id     not null,
  username     text        not null,
  score        quiz.points not null check (score > 0),
  xp_at        timestamptz not null,
  rank         bigint      not null check (rank >= 1),
  primary key (type, period_start, user_id)
);

create index ranking_archive_entry_by_rank on quiz.ranking_archive_entry (type, period_start, rank);

create function quiz.refuse_change() returns trigger
language plpgsql as $$
begin
  raise exception '% on %.% is refused: what is archived never changes', tg_op, tg_table_schema, tg_table_name;
end
$$;

create trigger archives_never_change
  before update on quiz.ranking_archive
  for each statement execute function quiz.refuse_change();

create trigger archived_entries_never_change
  before update on quiz.ranking_archive_entry
  for each statement execute function quiz.refuse_change();
