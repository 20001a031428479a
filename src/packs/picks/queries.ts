/** SQL of the pack. Each function runs one statement over a set of rows. None is called per row. */

import type { Queryable } from '../../database/database.ts';
import { asColumns, GAME_COLUMNS, type GameRecord } from './game.ts';
import type { Bet, Game, Outcome } from './rules.ts';

type Count = { readonly count: number };

/** One array per column, for unnest. */
const columnsOf = <Row>(rows: readonly Row[], ...names: (keyof Row)[]): unknown[][] =>
  names.map((name) => rows.map((row) => row[name]));

const countIn = (rows: readonly Count[]): number => rows[0]?.count ?? 0;

// ------------------------------------------------------------------------------------------------ settlement

const OVER = `game.state in ('final', 'postponed', 'void')`;

/** Games that are over and have open bets, earliest first. */
export async function gamesToSettle(db: Queryable, limit: number | null): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select game.id from picks.game
     where ${OVER}
       and exists (select from picks.bet where bet.game_id = game.id and bet.state = 'open')
     order by game.starts_at, game.id
     limit $1::bigint`,
    [limit],
  );
  return rows.map((row) => row.id);
}

/**
 * Locks the games among `ids` that are still over. Until the transaction ends, no one else can settle them or change their
 * scores. Bets on them can still be placed.
 */
export async function lockGamesThatAreOver(db: Queryable, ids: readonly string[]): Promise<Game[]> {
  const { rows } = await db.query<Game>(
    `select id, state, home_score as "homeScore", away_score as "awayScore"
     from picks.game where id = any($1::text[]) and ${OVER}
     order by starts_at, id
     for no key update`,
    [ids],
  );
  return rows;
}

export interface OpenBet extends Bet {
  readonly gameId: string;
  readonly playerId: string;
}

/**
 * Locks the next open bets of these games, in the order of `gameIds` and then by id. Lateral, so that a page reads only its own
 * rows: the bets already settled in this transaction are still in the index.
 */
export async function lockOpenBets(
  db: Queryable,
  gameIds: readonly string[],
  afterBetId: string,
  limit: number,
): Promise<OpenBet[]> {
  const { rows } = await db.query<OpenBet>(
    `select bet.* from unnest($1::text[]) with ordinality as wanted (game_id, position)
     cross join lateral (
       select id, game_id as "gameId", player_id as "playerId", market, side, line::float8 as line, odds,
              stake_cents as "stakeCents"
       from picks.bet
       where bet.game_id = wanted.game_id and bet.state = 'open'
         and (wanted.position > 1 or bet.id > $2)
       order by id limit $3 for update
     ) as bet
     order by wanted.position, bet.id
     limit $3`,
    [gameIds, afterBetId, limit],
  );
  return rows;
}

export interface SettledBet {
  readonly id: string;
  readonly outcome: Outcome;
  readonly profitCents: number;
}

/**
 * Closes open bets and enters each into the ledger. Returns how many. The arrays are in sub-selects to hide their length from
 * the planner, which then looks up each bet by id instead of scanning the table.
 */
export async function recordSettlements(
  db: Queryable,
  bets: readonly SettledBet[],
  at: Date,
): Promise<number> {
  const { rows } = await db.query<Count>(
    `with decided as (
       select * from unnest((select $1::text[]), (select $2::text[]), (select $3::bigint[]))
         as decided (bet_id, outcome, profit_cents)
     ), settled as (
       update picks.bet
       set state = decided.outcome, profit_cents = decided.profit_cents, settled_at = $4::timestamptz
       from decided
       where bet.id = decided.bet_id and bet.state = 'open'
       returning bet.id, bet.player_id, bet.profit_cents
     ), entered as (
       insert into picks.ledger (bet_id, player_id, amount_cents, at)
       select id, player_id, profit_cents, $4::timestamptz from settled
       returning 1
     )
     select count(*)::int as count from entered`,
    [...columnsOf(bets, 'id', 'outcome', 'profitCents'), at],
  );
  return countIn(rows);
}

export interface Bankroll {
  readonly playerId: string;
  readonly balanceCents: number;
  readonly openStakesCents: number;
}

const BANKROLL = `select player_id as "playerId", balance_cents as "balanceCents",
  open_stakes_cents as "openStakesCents" from picks.bankroll`;

/** Locks in a fixed order, so that concurrent transactions cannot deadlock. */
export async function lockBankrolls(db: Queryable, ids: readonly string[]): Promise<Bankroll[]> {
  const { rows } = await db.query<Bankroll>(
    `${BANKROLL} where player_id = any($1::text[]) order by player_id for no key update`,
    [ids],
  );
  return rows;
}

export interface BankrollChange {
  readonly playerId: string;
  profitCents: number;
  releasedCents: number;
}

/** Changes balances and releases open stakes. Returns the number of bankrolls changed. */
export async function changeBankrolls(
  db: Queryable,
  changes: readonly BankrollChange[],
): Promise<number> {
  const { rows } = await db.query<Count>(
    `with change as (
       select * from unnest((select $1::text[]), (select $2::bigint[]), (select $3::bigint[]))
         as change (player_id, profit, released)
     ), changed as (
       update picks.bankroll
       set balance_cents = balance_cents + change.profit,
           open_stakes_cents = open_stakes_cents - change.released
       from change where bankroll.player_id = change.player_id
       returning 1
     )
     select count(*)::int as count from changed`,
    columnsOf(changes, 'playerId', 'profitCents', 'releasedCents'),
  );
  return countIn(rows);
}

// ---------------------------------------------------------------------------------------------- import of games

/** Locks the games among `ids` that are already stored. Until the transaction ends, no one else can settle or change them. */
export async function lockKnownGames(db: Queryable, ids: readonly string[]): Promise<Game[]> {
  const { rows } = await db.query<Game>(
    `select id, state, home_score as "homeScore", away_score as "awayScore"
     from picks.game where id = any($1::text[])
     order by starts_at, id
     for update`,
    [ids],
  );
  return rows;
}

/** Call while holding the lock of these games: a statement that itself waits for the lock would not see the latest bets. */
export async function gamesWithSettledBets(
  db: Queryable,
  ids: readonly string[],
): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select id from unnest($1::text[]) as game (id)
     where exists (select from picks.bet where bet.game_id = game.id and bet.state <> 'open')`,
    [ids],
  );
  return rows.map((row) => row.id);
}

/** Returns the ids of new and changed games. Never changes the start of a known game. */
export async function upsertGames(db: Queryable, games: readonly GameRecord[]): Promise<string[]> {
  const fixed = ['id', 'game_date', 'starts_at'];
  const changing = GAME_COLUMNS.filter((column) => !fixed.includes(column));
  const of = (row: string): string => changing.map((column) => `${row}.${column}`).join(', ');
  const { rows } = await db.query<{ id: string }>(
    `insert into picks.game as game (${GAME_COLUMNS.join(', ')})
     select ${GAME_COLUMNS.join(', ')} from jsonb_populate_recordset(null::picks.game, ($1::text)::jsonb)
     on conflict (id) do update set (${changing.join(', ')}) = row (${of('excluded')})
     where (${of('game')}) is distinct from (${of('excluded')})
     returning id`,
    [JSON.stringify(games.map(asColumns))],
  );
  return rows.map((row) => row.id);
}

export async function anyGame(db: Queryable): Promise<boolean> {
  const { rows } = await db.query('select from picks.game limit 1');
  return rows.length > 0;
}

// ------------------------------------------------------------------------------------- bets on every side of a game

/** The bets still to be placed: $1 on each side of each market that has a price. */
const MISSING_BETS = `
  select offer.*, game.id as game_id, game.starts_at, named.bet_id
  from picks.game
  cross join lateral (values
    (1, 'spread', 'home', home_line, home_spread_odds),
    (2, 'spread', 'away', -home_line, away_spread_odds),
    (3, 'total', 'over', total_line, over_odds),
    (4, 'total', 'under', total_line, under_odds),
    (5, 'moneyline', 'home', null, home_moneyline),
    (6, 'moneyline', 'away', null, away_moneyline)
  ) as offer (position, market, side, line, odds)
  cross join generate_series(1, $1::int) as number
  cross join lateral (select concat_ws('/', game.id, offer.market, offer.side, number) as bet_id) as named
  where offer.odds is not null and not exists (select from picks.bet where bet.id = named.bet_id)`;

export async function countMissingBets(db: Queryable, betsPerSide: number): Promise<number> {
  const { rows } = await db.query<Count>(
    `select count(*)::int as count from (${MISSING_BETS}) as missing`,
    [betsPerSide],
  );
  return countIn(rows);
}

/** Locks the bankrolls of the sample players. Returns player-0001 first. */
export async function lockSampleBankrolls(db: Queryable): Promise<Bankroll[]> {
  const { rows } = await db.query<Bankroll>(
    `${BANKROLL} where player_id ~ '^player-[0-9]{4,7}$' order by player_id for no key update`,
  );
  return rows.toSorted((a, b) => a.playerId.length - b.playerId.length);
}

export async function createPlayers(
  db: Queryable,
  players: readonly { id: string; name: string }[],
  balanceCents: number,
): Promise<void> {
  await db.query(
    `with made as (
       insert into picks.player (id, name) select * from unnest($1::text[], $2::text[]) returning id
     )
     insert into picks.bankroll (player_id, balance_cents) select id, $3::bigint from made`,
    [...columnsOf(players, 'id', 'name'), balanceCents],
  );
}

export type Placed = { bets: number; games: number; players: number; reservedCents: number };

/**
 * Places the missing bets and reserves the stakes. Players bet in turn, `rounds` times. Players without money left skip the later
 * rounds.
 */
export async function placeMissingBets(
  db: Queryable,
  betsPerSide: number,
  stakeCents: number,
  playerIds: readonly string[],
  rounds: number,
): Promise<Placed> {
  const { rows } = await db.query<Placed>(
    `with missing as (
       select *, row_number() over (order by starts_at, game_id, position, bet_id) as turn
       from (${MISSING_BETS}) as bet
     ), turns as (
       select player_id, row_number() over (order by round, place) as turn
       from unnest($2::text[]) with ordinality as player (player_id, place)
       join picks.bankroll using (player_id)
       cross join lateral generate_series(1, least($3::bigint, available_cents / $4::bigint)) as round
     ), placed as (
       insert into picks.bet (id, player_id, game_id, market, side, line, odds, stake_cents, placed_at)
       select bet_id, player_id, game_id, market, side, line, odds, $4::bigint, starts_at - interval '24 hours'
       from missing join turns using (turn)
       order by turn
       returning player_id, game_id, stake_cents
     ), staked as (
       select player_id, sum(stake_cents)::bigint as cents from placed group by player_id
     ), reserved as (
       update picks.bankroll set open_stakes_cents = open_stakes_cents + cents
       from staked where bankroll.player_id = staked.player_id and available_cents >= cents
       returning cents
     )
     select count(*)::int as bets, count(distinct game_id)::int as games,
            (select count(*) from staked)::int as players,
            coalesce((select sum(cents) from reserved), 0)::bigint as "reservedCents"
     from placed`,
    [betsPerSide, playerIds, rounds, stakeCents],
  );
  return rows[0] ?? { bets: 0, games: 0, players: 0, reservedCents: 0 };
}
