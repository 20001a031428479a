-- Paid games, their leaderboards and their prize pools. All money is in micro-USDC, all periods are of UTC.
-- Ids are the arcade's own or natural and there is no sequence: a rehearsal, rolled back, leaves nothing behind.

create schema if not exists arcade;

create domain arcade.game_type as text collate "C"
  constraint game_is_known check (value in ('snake', 'tetris', 'pong', 'breakout', 'space_invaders'));

create domain arcade.address as text collate "C"
  constraint address_is_lowercase_hex check (value ~ '^0x[0-9a-f]{40}$');

create domain arcade.transaction_hash as text collate "C"
  constraint transaction_hash_is_lowercase_hex check (value ~ '^0x[0-9a-f]{64}$');

-- A JavaScript number holds it exactly.
create domain arcade.micro_usdc as bigint
  constraint micro_usdc_fit_a_javascript_number check (value between 0 and 9007199254740991);

create domain arcade.score as bigint
  constraint score_fits_a_javascript_number check (value between 0 and 9007199254740991);

-- Whether a date names a period: a week is named by its Monday, and of all time there is one.
create function arcade.names_period(period text, period_date date) returns boolean
language sql immutable
return case period
  when 'daily' then true
  when 'weekly' then extract(isodow from period_date) = 1
  when 'alltime' then period_date = date '1970-01-01'
  else false
end;

-- The date that names the period after a daily or weekly one: this one ends as that date begins.
create function arcade.next_period(period text, period_date date) returns date
language sql immutable
return period_date + case period when 'daily' then 1 when 'weekly' then 7 end;

-- A session without payment_tx was opened and never paid.
create table arcade.game_session (
  id                text collate "C" primary key check (id <> ''),
  game_type         arcade.game_type  not null,
  player_address    arcade.address    not null,
  payment_tx        arcade.transaction_hash unique,
  amount_micro_usdc arcade.micro_usdc not null default 0,
  score             arcade.score,
  status            text        not null default 'active' check (status in ('active', 'completed', 'expired')),
  created_at        timestamptz not null,
  completed_at      timestamptz, -- when it ended, either way
  constraint a_payment_has_an_amount check ((payment_tx is null) = (amount_micro_usdc = 0)),
  constraint only_a_completed_game_has_a_score check ((status = 'completed') = (score is not null)),
  constraint only_an_active_game_has_no_end check ((status = 'active') = (completed_at is null)),
  constraint only_a_paid_game_is_played check (status = 'active' or payment_tx is not null),
  constraint a_game_ends_after_it_began check (completed_at >= created_at)
);

create index game_session_active on arcade.game_session (id, created_at) where status = 'active';

-- The record of the money: never changed, never removed, and while it is there, so is its session.
-- The pool dates say which pools the shares went to: those of paid_at, or the next ones where these were closed already.
create table arcade.payment (
  payment_tx        arcade.transaction_hash primary key references arcade.game_session (payment_tx),
  game_type         arcade.game_type  not null,
  player_address    arcade.address    not null,
  amount_micro_usdc arcade.micro_usdc not null check (amount_micro_usdc > 0),
  daily_micro_usdc  bigint generated always as (amount_micro_usdc * 70 / 100 / 2) stored,
  weekly_micro_usdc bigint generated always as (amount_micro_usdc * 70 / 100 - amount_micro_usdc * 70 / 100 / 2) stored,
  daily_pool_date   date        not null check (daily_pool_date >= (paid_at at time zone 'UTC')::date),
  weekly_pool_date  date        not null check (arcade.names_period('weekly', weekly_pool_date)),
  paid_at           timestamptz not null,
  constraint the_weekly_pool_is_open_when_it_is_paid
    check (arcade.next_period('weekly', weekly_pool_date) > (paid_at at time zone 'UTC')::date)
);

-- What is in a pool is its share of the fees of its games, and what came from a period that nobody won.
-- A pool that nobody won is finalized without a winner, and empty: its money is in the next one.
create table arcade.prize_pool (
  game_type             arcade.game_type  not null,
  period                text collate "C"  not null check (period in ('daily', 'weekly')),
  period_date           date              not null,
  total_micro_usdc      arcade.micro_usdc not null default 0,
  games                 integer           not null default 0 check (games >= 0),
  fees_micro_usdc       arcade.micro_usdc not null default 0,
  rolled_in_micro_usdc  arcade.micro_usdc not null default 0,
  rolled_out_micro_usdc arcade.micro_usdc not null default 0,
  status                text              not null default 'active' check (status in ('active', 'finalized', 'paid')),
  winner_address        arcade.address,
  finalized_at          timestamptz,
  payout_tx             arcade.transaction_hash unique,
  primary key (game_type, period, period_date),
  constraint a_week_is_named_by_its_monday check (arcade.names_period(period, period_date)),
  constraint pools_never_exceed_payments check (
    (total_micro_usdc + rolled_out_micro_usdc - rolled_in_micro_usdc) * 100::numeric <= fees_micro_usdc * 70::numeric
  ),
  constraint only_a_period_that_has_ended_is_finalized
    check (finalized_at >= arcade.next_period(period, period_date)::timestamp at time zone 'UTC'),
  constraint only_an_active_pool_is_not_finalized check ((status = 'active') = (finalized_at is null)),
  constraint an_active_pool_has_no_winner check (status <> 'active' or winner_address is null),
  constraint a_pool_that_nobody_won_is_empty
    check (status = 'active' or winner_address is not null or total_micro_usdc = 0),
  constraint only_a_pool_that_nobody_won_rolls_on
    check (rolled_out_micro_usdc = 0 or (status = 'finalized' and winner_address is null)),
  constraint only_a_winner_is_paid check ((status = 'paid') = (payout_tx is not null) and (status <> 'paid' or winner_address is not null))
);

create index prize_pool_active on arcade.prize_pool (period, period_date) where status = 'active';

-- The best score of each player in each period. The key begins with what the archive takes: the oldest periods.
create table arcade.leaderboard_entry (
  session_id     text collate "C"  not null, -- may be of a session that is gone: such orphans are cleaned up
  game_type      arcade.game_type  not null,
  player_address arcade.address    not null,
  score          arcade.score      not null,
  period         text collate "C"  not null,
  period_date    date              not null,
  created_at     timestamptz       not null,
  primary key (period, period_date, game_type, player_address),
  constraint entry_names_a_period check (arcade.names_period(period, period_date))
);

create index leaderboard_entry_rank
  on arcade.leaderboard_entry (game_type, period, period_date, score desc, created_at, session_id);

create table arcade.leaderboard_archive (
  session_id     text collate "C"  not null,
  game_type      arcade.game_type  not null,
  player_address arcade.address    not null,
  score          arcade.score      not null,
  period         text collate "C"  not null check (period in ('daily', 'weekly')),
  period_date    date              not null,
  created_at     timestamptz       not null,
  archived_at    timestamptz       not null,
  primary key (period, period_date, game_type, player_address),
  constraint entry_names_a_period check (arcade.names_period(period, period_date))
);

create function arcade.refuse_change() returns trigger
language plpgsql as $$
begin
  raise exception '% on %.% is refused: its rows are never changed or removed',
    tg_op, tg_table_schema, tg_table_name;
end
$$;

create trigger payment_is_insert_only
  before update or delete or truncate on arcade.payment
  for each statement execute function arcade.refuse_change();

create trigger prize_pool_is_never_removed
  before delete or truncate on arcade.prize_pool
  for each statement execute function arcade.refuse_change();

-- Of a pool that is finalized nothing changes but that its winner is paid, and of a paid one nothing.
create function arcade.refuse_change_of_closed_pool() returns trigger
language plpgsql as $$
declare
  paid arcade.prize_pool := old;
begin
  paid.status := 'paid';
  paid.payout_tx := new.payout_tx;
  if old.status = 'finalized' and new is not distinct from paid then
    return new;
  end if;
  raise exception 'a change of the % % pool of % is refused: it is %',
    old.period, old.period_date, old.game_type, old.status;
end
$$;

create trigger closed_pool_stays_as_it_is
  before update on arcade.prize_pool
  for each row when (old.status <> 'active') execute function arcade.refuse_change_of_closed_pool();
