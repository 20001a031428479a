-- Games, bets and bankrolls: what settlement needs. All money is in cents, all lines are in half points.
-- Ids are natural or made by rule and there is no sequence: a rehearsal, rolled back, leaves nothing behind.
-- They sort by bytes (collate "C"), so that work and events have one order on every server.

create schema if not exists picks;

create domain picks.cents as bigint
  constraint cents_fit_a_javascript_number check (value between -9007199254740991 and 9007199254740991);

create domain picks.american_odds as integer
  constraint american_odds_are_100_or_more check (value >= 100 or value <= -100);

create domain picks.half_points as numeric(4, 1)
  constraint half_points_are_whole_or_half check (value * 2 = trunc(value * 2));

create table picks.player (
  id   text collate "C" primary key,
  name text not null
);

-- available_cents may fall below zero: a weekly reset lowers the balance while open bets are carried over. That no
-- bet is placed with money that is not there is the rule of whoever places it, under the lock of this row.
create table picks.bankroll (
  player_id         text collate "C" primary key references picks.player,
  balance_cents     picks.cents not null,
  open_stakes_cents picks.cents not null default 0
    constraint open_stakes_are_never_negative check (open_stakes_cents >= 0),
  available_cents   bigint generated always as (balance_cents - open_stakes_cents) stored
);

-- Lines are the home side's: negative where the home team is favoured. A price that is null is not offered.
create table picks.game (
  id               text collate "C" primary key, -- 2010-09-09-minnesota-vikings-at-new-orleans-saints
  season           integer     not null,
  week             text        not null,         -- '1' to '18', or a name: 'Superbowl'
  game_date        date        not null,
  starts_at        timestamptz not null,
  home_team        text        not null,
  away_team        text        not null,
  home_score       integer check (home_score >= 0),
  away_score       integer check (away_score >= 0),
  state            text        not null
    check (state in ('scheduled', 'live', 'final', 'postponed', 'void')),
  home_line        picks.half_points,
  total_line       picks.half_points check (total_line > 0),
  home_spread_odds picks.american_odds,
  away_spread_odds picks.american_odds,
  over_odds        picks.american_odds,
  under_odds       picks.american_odds,
  home_moneyline   picks.american_odds,
  away_moneyline   picks.american_odds,
  neutral_site     boolean     not null,
  constraint a_team_plays_another check (home_team <> away_team),
  constraint a_final_game_has_both_scores
    check (state <> 'final' or (home_score is not null and away_score is not null)),
  constraint spread_odds_need_a_line
    check (home_line is not null or (home_spread_odds is null and away_spread_odds is null)),
  constraint total_odds_need_a_line
    check (total_line is not null or (over_odds is null and under_odds is null))
);

create table picks.bet (
  id           text collate "C" primary key,
  player_id    text collate "C" not null references picks.bankroll,
  game_id      text collate "C" not null references picks.game,
  market       text        not null,
  side         text        not null,
  line         picks.half_points, -- the bettor's own: the away side of a home line of -3.5 has +3.5
  odds         picks.american_odds not null,
  stake_cents  picks.cents not null check (stake_cents > 0),
  state        text        not null default 'open'
    check (state in ('open', 'won', 'lost', 'pushed', 'refunded')),
  profit_cents picks.cents,
  placed_at    timestamptz not null,
  settled_at   timestamptz,
  constraint side_fits_market check (
    (market in ('spread', 'moneyline') and side in ('home', 'away'))
    or (market = 'total' and side in ('over', 'under'))
  ),
  constraint line_fits_market check ((market = 'moneyline') = (line is null)),
  constraint settled_or_open
    check ((state = 'open') = (profit_cents is null) and (state = 'open') = (settled_at is null)),
  constraint profit_fits_state check (
    case state
      when 'won' then profit_cents >= 0
      when 'lost' then profit_cents = -stake_cents
      else profit_cents is null or profit_cents = 0
    end
  )
);

-- Together one entry a bet: what settlement looks for, and what an import must not contradict.
create index bet_open_by_game on picks.bet (game_id, id) where state = 'open';
create index bet_settled_by_game on picks.bet (game_id) where state <> 'open';

-- The primary key is the promise: one settlement a bet, whatever runs twice.
create table picks.ledger (
  bet_id       text collate "C" primary key references picks.bet,
  player_id    text collate "C" not null references picks.bankroll,
  amount_cents picks.cents not null, -- what the settlement added to the balance, or took from it
  at           timestamptz not null
);

create function picks.refuse_change() returns trigger
language plpgsql as $$
begin
  raise exception '% on %.% is refused: its rows are never changed or removed',
    tg_op, tg_table_schema, tg_table_name;
end
$$;

create trigger ledger_is_insert_only
  before update or delete or truncate on picks.ledger
  for each statement execute function picks.refuse_change();
