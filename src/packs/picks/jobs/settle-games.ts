import { z } from 'zod';
import type { Queryable, Transaction } from '../../../database/database.ts';
import type { Context } from '../../../engine/job/context.ts';
import { defineJob } from '../../../engine/job/define-job.ts';
import {
  changeBankrolls,
  gamesToSettle,
  lockBankrolls,
  lockGamesThatAreOver,
  lockOpenBets,
  recordSettlements,
  type Bankroll,
  type BankrollChange,
  type OpenBet,
} from '../queries.ts';
import { settle, type Game, type Settlement } from '../rules.ts';

const GAMES_PER_SET = 500;
/** Games per payout. Fewer updates of a bankroll in one transaction keep its row versions, and thus lookups, short. */
const GAMES_PER_PAYOUT = 20_000;
const BETS_PER_PAGE = 10_000;
const BANKROLLS_PER_PAGE = 10_000;
const MOST_ERRORS = 100;

export const settleGames = defineJob({
  type: 'picks.settle-games',
  description: 'Settles the open bets of games that are final, postponed or void.',
  schedule: { cron: '*/30 * * * *' },
  health: { everyMs: 35 * 60_000 },
  input: z.object({ limit: z.int().positive().optional() }).strict(),
  run: (ctx, { limit }) => settleGamesThatAreOver(ctx, limit ?? null),
});

export interface SettleGamesResult {
  message: string;
  /** Bets settled. */
  affected: number;
  details: Tally & {
    games: number;
    /** Games that failed and were left unchanged: the first 100 of `errorCount`. */
    errors: { game: string; error: string }[];
    errorCount: number;
  };
}

/** Bets by outcome. */
interface Tally {
  won: number;
  lost: number;
  pushed: number;
  refunded: number;
  /** Profits of winning bets. */
  paidCents: number;
}

interface SettledGame extends Tally {
  readonly gameId: string;
}

/** The total of a player's bets, and the bankroll before it. The bankroll's row is locked. */
interface Payout extends Bankroll {
  profitCents: number;
  releasedCents: number;
}

type Payouts = Map<string, Payout>;

async function settleGamesThatAreOver(
  ctx: Context,
  limit: number | null,
): Promise<SettleGamesResult> {
  const gameIds = await gamesToSettle(ctx.db, limit);
  ctx.log(`Games that are over and have open bets: ${gameIds.length}`);
  const total = { games: 0, ...newTally() };
  const errors: { game: string; error: string }[] = [];
  for (let start = 0; start < gameIds.length; start += GAMES_PER_PAYOUT) {
    const payouts: Payouts = new Map();
    const some = gameIds.slice(start, start + GAMES_PER_PAYOUT);
    const report = await ctx.forEachSet(some, GAMES_PER_SET, async (set, db) => {
      const settled = await settleSet(db, set, ctx.now, payouts);
      for (const { gameId, paidCents: _, ...outcomes } of settled) {
        ctx.emit('picks.game-settled', { gameId, bets: countBets(outcomes), ...outcomes });
      }
      total.games += settled.length;
      for (const game of settled) add(total, game);
    });
    await payOut(ctx.db, [...payouts.values()]);
    errors.push(...report.failed.map(({ item, error }) => ({ game: item, error })));
  }
  const message = describe(total, errors.length);
  ctx.log(message);
  return {
    message,
    affected: countBets(total),
    details: { ...total, errors: errors.slice(0, MOST_ERRORS), errorCount: errors.length },
  };
}

/**
 * Settles all open bets of the set and adds them to the payouts. If it throws, it does neither. Returns the games that had open
 * bets, in the order of their start.
 */
async function settleSet(
  db: Transaction,
  gameIds: string[],
  at: Date,
  payouts: Payouts,
): Promise<SettledGame[]> {
  const games = await lockGamesThatAreOver(db, gameIds);
  const byId = new Map(games.map((game) => [game.id, game]));
  const settled = new Map<string, SettledGame>();
  const dues = new Map<string, BankrollChange>();
  for await (const bets of openBetsInPages(db, [...byId.keys()])) {
    for (const bet of await settlePage(db, bets, byId, at)) {
      countOutcome(settled, bet);
      addDue(dues, bet);
    }
  }
  const grown = await withDues(db, payouts, [...dues.values()]);
  // Last, so that a set that fails adds nothing.
  for (const payout of grown) payouts.set(payout.playerId, payout);
  return [...settled.values()];
}

async function* openBetsInPages(db: Transaction, gameIds: string[]): AsyncGenerator<OpenBet[]> {
  let remaining = gameIds;
  let afterBetId = '';
  while (remaining.length > 0) {
    const page = await lockOpenBets(db, remaining, afterBetId, BETS_PER_PAGE);
    if (page.length > 0) yield page;
    const last = page.at(-1);
    if (!last || page.length < BETS_PER_PAGE) return;
    remaining = remaining.slice(remaining.indexOf(last.gameId));
    afterBetId = last.id;
  }
}

type SettledBet = OpenBet & Settlement;

async function settlePage(
  db: Transaction,
  bets: OpenBet[],
  games: ReadonlyMap<string, Game>,
  at: Date,
): Promise<SettledBet[]> {
  const settled = bets.map((bet) => ({ ...bet, ...settle(bet, gameOf(bet, games)) }));
  expectCount('bets settled', await recordSettlements(db, settled, at), settled.length);
  return settled;
}

function gameOf(bet: OpenBet, games: ReadonlyMap<string, Game>): Game {
  const game = games.get(bet.gameId);
  if (!game) throw new Error(`Bet ${bet.id} is on game ${bet.gameId}, which was not locked.`);
  return game;
}

function countOutcome(games: Map<string, SettledGame>, bet: SettledBet): void {
  const game = games.get(bet.gameId) ?? { gameId: bet.gameId, ...newTally() };
  game[bet.outcome] += 1;
  if (bet.outcome === 'won') game.paidCents += bet.profitCents;
  games.set(bet.gameId, game);
}

/** Adds the profit or loss, and the stake to release. */
function addDue(dues: Map<string, BankrollChange>, bet: SettledBet): void {
  const { playerId, profitCents, stakeCents } = bet;
  const due = dues.get(playerId) ?? { playerId, profitCents: 0, releasedCents: 0 };
  due.profitCents += profitCents;
  due.releasedCents += stakeCents;
  dues.set(playerId, due);
}

/** The payouts increased by `dues`. Throws here if a bankroll cannot cover them, so that only this set fails. */
async function withDues(
  db: Transaction,
  payouts: ReadonlyMap<string, Payout>,
  dues: readonly BankrollChange[],
): Promise<Payout[]> {
  const newPlayers = dues.filter(({ playerId }) => !payouts.has(playerId));
  const bankrolls = await lockBankrolls(
    db,
    newPlayers.map(({ playerId }) => playerId),
  );
  const locked = new Map(bankrolls.map((bankroll) => [bankroll.playerId, bankroll]));
  return dues.map((due) => {
    const before = payouts.get(due.playerId);
    const bankroll = before ?? locked.get(due.playerId);
    if (!bankroll) throw new Error(`${due.playerId} has no bankroll.`);
    const profitCents = (before?.profitCents ?? 0) + due.profitCents;
    const releasedCents = (before?.releasedCents ?? 0) + due.releasedCents;
    checkBankroll(bankroll, profitCents, releasedCents);
    return { ...bankroll, profitCents, releasedCents };
  });
}

function checkBankroll(bankroll: Bankroll, profitCents: number, releasedCents: number): void {
  const { playerId, balanceCents, openStakesCents } = bankroll;
  if (releasedCents > openStakesCents) {
    throw new Error(
      `The bankroll of ${playerId} has ${openStakesCents} cents of open stakes, but its bets total ` +
        `${releasedCents}. Correct the bankroll.`,
    );
  }
  const sums = [profitCents, releasedCents, balanceCents + profitCents];
  if (!sums.every(Number.isSafeInteger)) {
    throw new Error(`The bankroll of ${playerId} would exceed the largest exact number of cents.`);
  }
}

async function payOut(db: Queryable, payouts: readonly Payout[]): Promise<void> {
  for (let start = 0; start < payouts.length; start += BANKROLLS_PER_PAGE) {
    const page = payouts.slice(start, start + BANKROLLS_PER_PAGE);
    expectCount('bankrolls changed', await changeBankrolls(db, page), page.length);
  }
}

function expectCount(what: string, count: number, expected: number): void {
  if (count !== expected) {
    throw new Error(`Expected ${expected} ${what}, got ${count}. The changes are rolled back.`);
  }
}

function newTally(): Tally {
  return { won: 0, lost: 0, pushed: 0, refunded: 0, paidCents: 0 };
}

function add(total: Tally, part: Tally): void {
  total.won += part.won;
  total.lost += part.lost;
  total.pushed += part.pushed;
  total.refunded += part.refunded;
  total.paidCents += part.paidCents;
}

function countBets(tally: Omit<Tally, 'paidCents'>): number {
  return tally.won + tally.lost + tally.pushed + tally.refunded;
}

function describe(total: Tally & { games: number }, unsettled: number): string {
  const many = (n: number, noun: string): string =>
    `${n.toLocaleString('en-US')} ${noun}${n === 1 ? '' : 's'}`;
  const left = unsettled > 0 ? ` Not settled because of errors: ${many(unsettled, 'game')}.` : '';
  if (total.games === 0) return `No bet was settled.${left}`;
  const { won, lost, pushed, refunded } = total;
  return (
    `Settled ${many(countBets(total), 'bet')} on ${many(total.games, 'game')}: ` +
    `${won} won, ${lost} lost, ${pushed} pushed, ${refunded} refunded.${left}`
  );
}
