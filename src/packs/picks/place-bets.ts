import type { Database, Transaction } from '../../database/database.ts';
import { HumdrumError } from '../../errors.ts';
import {
  countMissingBets,
  createPlayers,
  lockSampleBankrolls,
  placeMissingBets,
  type Bankroll,
} from './queries.ts';

/** Bankroll of a new sample player: $1,000. */
export const NEW_BANKROLL_CENTS = 100_000;
const MOST_PLAYERS = 1_000_000;

export interface PlaceBetsOptions {
  stakeCents: number;
  /** Bets on each side of each market of each game. The only mode so far. */
  everySide: true;
  /** Number of bets on each side. Default: 1. */
  betsPerSide?: number;
  /** Number of players, from player-0001. Default: the existing ones, and as many new ones as the stakes require. */
  players?: number;
}

export interface PlaceBetsResult {
  bets: number;
  games: number;
  players: number;
  stakedCents: number;
}

/**
 * Places bets for demos and tests, dated a day before each game, also for games that are over. Skips bets that already exist.
 * Only sample players (`player-0001` …) bet, in turn, and never more than they have available. All or nothing. Errors:
 * `input-invalid`, `funds-insufficient`.
 */
export async function placeBets(db: Database, options: PlaceBetsOptions): Promise<PlaceBetsResult> {
  return db.transaction((tx) => placeBetsWithin(tx, options));
}

export async function placeBetsWithin(
  tx: Transaction,
  options: PlaceBetsOptions,
): Promise<PlaceBetsResult> {
  const { stakeCents, betsPerSide = 1, players } = options;
  checkWhole('stakeCents', stakeCents, Number.MAX_SAFE_INTEGER);
  checkWhole('betsPerSide', betsPerSide, 1_000);
  if (players !== undefined) checkWhole('players', players, MOST_PLAYERS);
  const known = await lockSampleBankrolls(tx);
  const missing = await countMissingBets(tx, betsPerSide);
  if (missing === 0) return { bets: 0, games: 0, players: 0, stakedCents: 0 };
  const bankrolls =
    players === undefined
      ? await withEnoughPlayers(tx, known, missing, stakeCents)
      : await withPlayersUpTo(tx, known, players);
  const capacities = bankrolls.map((bankroll) => capacityOf(bankroll, stakeCents));
  const rounds = roundsFor(missing, capacities);
  if (rounds === null) throw fundsInsufficient(missing, stakeCents, bankrolls);
  const playerIds = bankrolls.map(({ playerId }) => playerId);
  const placed = await placeMissingBets(tx, betsPerSide, stakeCents, playerIds, rounds);
  const stakedCents = missing * stakeCents;
  if (placed.bets !== missing || placed.reservedCents !== stakedCents) {
    throw new Error(
      `Expected to place ${missing} bets for ${stakedCents} cents, but placed ${placed.bets} for ` +
        `${placed.reservedCents}. Games or bankrolls changed concurrently. Nothing was stored.`,
    );
  }
  return { bets: placed.bets, games: placed.games, players: placed.players, stakedCents };
}

/**
 * The minimum number of rounds in which players place `bets`, with one bet per round until their money runs out. Null if they cannot.
 */
export function roundsFor(bets: number, capacities: readonly number[]): number | null {
  const placedIn = (rounds: number): number =>
    capacities.reduce((sum, capacity) => sum + Math.min(capacity, rounds), 0);
  if (placedIn(bets) < bets) return null;
  let enough = bets;
  let tooFew = 0;
  while (enough - tooFew > 1) {
    const middle = Math.floor((enough + tooFew) / 2);
    if (placedIn(middle) >= bets) enough = middle;
    else tooFew = middle;
  }
  return enough;
}

async function withEnoughPlayers(
  tx: Transaction,
  known: readonly Bankroll[],
  bets: number,
  stakeCents: number,
): Promise<readonly Bankroll[]> {
  const room = known.reduce((sum, bankroll) => sum + capacityOf(bankroll, stakeCents), 0);
  const perNewPlayer = Math.floor(NEW_BANKROLL_CENTS / stakeCents);
  if (room >= bets || perNewPlayer === 0) return known;
  const count = Math.ceil((bets - room) / perNewPlayer);
  const last = known.at(-1);
  const first = last ? numberOf(last.playerId) + 1 : 1;
  const made = await create(
    tx,
    Array.from({ length: count }, (_, index) => first + index),
  );
  return [...known, ...made];
}

async function withPlayersUpTo(
  tx: Transaction,
  known: readonly Bankroll[],
  players: number,
): Promise<readonly Bankroll[]> {
  const wanted = known.filter(({ playerId }) => numberOf(playerId) <= players);
  const existing = new Set(wanted.map(({ playerId }) => numberOf(playerId)));
  const numbers = Array.from({ length: players }, (_, index) => index + 1);
  const made = await create(
    tx,
    numbers.filter((number) => !existing.has(number)),
  );
  return [...wanted, ...made];
}

async function create(tx: Transaction, numbers: readonly number[]): Promise<Bankroll[]> {
  const players = numbers.map((number) => ({
    id: `player-${String(number).padStart(4, '0')}`,
    name: `Player ${number}`,
  }));
  await createPlayers(tx, players, NEW_BANKROLL_CENTS);
  return players.map(({ id }) => ({
    playerId: id,
    balanceCents: NEW_BANKROLL_CENTS,
    openStakesCents: 0,
  }));
}

function capacityOf(bankroll: Bankroll, stakeCents: number): number {
  return Math.floor(availableOf(bankroll) / stakeCents);
}

/** The difference is negative after a reset that kept open bets. Then nothing is available. */
function availableOf({ balanceCents, openStakesCents }: Bankroll): number {
  return Math.max(0, balanceCents - openStakesCents);
}

function numberOf(playerId: string): number {
  return Number(playerId.slice('player-'.length));
}

function fundsInsufficient(
  bets: number,
  stakeCents: number,
  bankrolls: readonly Bankroll[],
): HumdrumError {
  const available = bankrolls.reduce((sum, bankroll) => sum + availableOf(bankroll), 0);
  return new HumdrumError(
    'funds-insufficient',
    `Cannot place ${bets} bets of ${stakeCents} cents: ${bankrolls.length} players have ${available} cents ` +
      `available in total, and a new player has ${NEW_BANKROLL_CENTS}. Lower the stake or add players.`,
  );
}

function checkWhole(name: string, value: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= 1 && value <= most) return;
  throw new HumdrumError(
    'input-invalid',
    `${name} must be a whole number from 1 to ${most}, not ${value}.`,
  );
}
