/**
 * How a bet ends and what it pays. Pure and exact: money is in whole cents, and lines are half points, which binary fractions
 * represent exactly.
 */

export type Market = 'spread' | 'total' | 'moneyline';
export type Side = 'home' | 'away' | 'over' | 'under';
export type GameState = 'scheduled' | 'live' | 'final' | 'postponed' | 'void';
export type Outcome = 'won' | 'lost' | 'pushed' | 'refunded';

export interface Bet {
  readonly id: string;
  readonly market: Market;
  readonly side: Side;
  /** The bettor's own line: the away side of a home line of -3.5 has +3.5. Null for a moneyline. */
  readonly line: number | null;
  /** American: +150 pays 150 on 100, -150 pays 100 on 150. */
  readonly odds: number;
  readonly stakeCents: number;
}

export interface Game {
  readonly id: string;
  readonly state: GameState;
  readonly homeScore: number | null;
  readonly awayScore: number | null;
}

export interface Settlement {
  readonly outcome: Outcome;
  /** Change of the balance: the profit of a win, the negative stake of a loss, otherwise 0. */
  readonly profitCents: number;
}

/** Settles a bet. Throws, naming the bet, if the data is invalid. */
export function settle(bet: Bet, game: Game): Settlement {
  const outcome = decide(bet, game);
  return { outcome, profitCents: profitCents(bet, outcome) };
}

export function decide(bet: Bet, game: Game): Outcome {
  if (game.state === 'postponed' || game.state === 'void') return 'refunded';
  refuseBadOdds(bet);
  const lead = leadOf(bet, game);
  if (lead > 0) return 'won';
  return lead === 0 ? 'pushed' : 'lost';
}

export function profitCents(bet: Bet, outcome: Outcome): number {
  if (!Number.isSafeInteger(bet.stakeCents) || bet.stakeCents <= 0) {
    throw badBet(
      bet,
      `its stake is ${bet.stakeCents}, but a stake must be a whole number of cents above 0`,
    );
  }
  if (outcome === 'won') return winnings(bet);
  return outcome === 'lost' ? -bet.stakeCents : 0;
}

/** BigInt, because stake times odds can pass 2^53 and a fraction would round to the wrong cent. */
function winnings(bet: Bet): number {
  refuseBadOdds(bet);
  const stake = BigInt(bet.stakeCents);
  const odds = BigInt(bet.odds);
  const profit = Number(odds > 0n ? (stake * odds) / 100n : (stake * 100n) / -odds);
  if (!Number.isSafeInteger(profit)) {
    throw badBet(
      bet,
      `a stake of ${bet.stakeCents} cents at ${bet.odds} wins more than the largest exact number of cents`,
    );
  }
  return profit;
}

/** Points by which the bet is ahead of its line. */
function leadOf(bet: Bet, game: Game): number {
  const { home, away } = finalScore(bet, game);
  switch (`${bet.market} ${bet.side}`) {
    case 'spread home':
      return home - away + lineOf(bet);
    case 'spread away':
      return away - home + lineOf(bet);
    case 'total over':
      return home + away - lineOf(bet);
    case 'total under':
      return lineOf(bet) - (home + away);
    case 'moneyline home':
      return home - away;
    case 'moneyline away':
      return away - home;
    default:
      throw badBet(bet, `"${bet.side}" is not a side of the market "${bet.market}"`);
  }
}

function finalScore(bet: Bet, game: Game): { home: number; away: number } {
  const { state, homeScore: home, awayScore: away } = game;
  if (state !== 'final') throw badBet(bet, `its game ${game.id} is ${state}, not final`);
  if (!isScore(home) || !isScore(away)) {
    throw badBet(bet, `its game ${game.id} is final with the scores ${home} and ${away}`);
  }
  return { home, away };
}

function isScore(score: number | null): score is number {
  return score !== null && Number.isInteger(score) && score >= 0;
}

function lineOf(bet: Bet): number {
  if (bet.line === null) throw badBet(bet, `a ${bet.market} bet needs a line, but it has none`);
  if (!Number.isInteger(bet.line * 2))
    throw badBet(bet, `its line ${bet.line} is not in half points`);
  return bet.line;
}

function refuseBadOdds(bet: Bet): void {
  if (Number.isInteger(bet.odds) && Math.abs(bet.odds) >= 100) return;
  throw badBet(bet, `its odds are ${bet.odds}, but American odds are 100 or more, or -100 or less`);
}

function badBet(bet: Bet, reason: string): Error {
  return new Error(`Bet ${bet.id} cannot be settled: ${reason}.`);
}
