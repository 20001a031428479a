import {
  arcade,
  finishGame,
  payForGame,
  type CleanUpResult,
  type Transacting,
} from '../../packs/arcade/index.ts';
import { paymentsSince, poolsSince, type PoolOfWeek } from '../../packs/arcade/play-queries.ts';
import { gamesFrom, oldGames, type PlannedGame } from '../../packs/arcade/play.ts';
import { dateOf, Days } from './days.ts';
import { hoursIn, WEEK, type Story } from './simulate.ts';

export interface ArcadeDay {
  date: string;
  games: number;
  players: number;
  paidMicroUsdc: number;
  /** Paid but unfinished sessions that this day's clean-up ended. */
  expired: number;
  /** Old leaderboard entries that were archived. */
  archived: number;
}

export interface ArcadeWeek {
  days: ArcadeDay[];
  /** Pools whose day or week has ended. */
  pools: PoolOfWeek[];
  totals: {
    paymentsMicroUsdc: number;
    /** Shares of the payments. */
    poolsMicroUsdc: number;
    wonMicroUsdc: number;
    /** Pools whose day or week has not ended. */
    openMicroUsdc: number;
    houseMicroUsdc: number;
    poolsWithinPayments: boolean;
  };
}

const HOUR_MS = 3_600_000;
const OLD_DAYS = 100;

export function arcadeStory(players: number, seed: string): Story<ArcadeWeek> {
  const days = new Days<{ expired: number; archived: number }>(() => ({ expired: 0, archived: 0 }));
  return {
    pack: arcade,
    begin: hoursIn(-OLD_DAYS * 24),
    stepMs: HOUR_MS,
    prepare: ({ database }) => record(database, oldGames(WEEK, players, seed)),
    async play({ database }, start) {
      days.on(start);
      await record(database, gamesFrom(start, WEEK, players, seed));
    },
    async ran(at, ran) {
      for (const { type, result } of ran) {
        if (type !== 'arcade.clean-up' || result === null) continue;
        const { expiredSessions, archivedEntries } = (result as unknown as CleanUpResult).details;
        days.on(at).expired += expiredSessions;
        days.on(at).archived += archivedEntries;
      }
    },
    async tell({ database }) {
      const payments = await paymentsSince(database, dateOf(WEEK));
      const pools = await poolsSince(database, dateOf(WEEK));
      const lines = days.all().map((line) => {
        const paid = payments.find(({ date }) => date === line.date);
        const { games = 0, players: payers = 0, microUsdc = 0 } = paid ?? {};
        return { ...line, games, players: payers, paidMicroUsdc: microUsdc };
      });
      const ended = pools.filter(({ status }) => status !== 'active');
      return { days: lines, pools: ended, totals: totalsOf(payments, pools) };
    },
  };
}

/** Records each payment and each score separately, as the arcade does. */
async function record(database: Transacting, games: readonly PlannedGame[]): Promise<void> {
  for (const { end, paidAt, ...paid } of games) {
    await payForGame(database, { ...paid, at: paidAt });
    if (end) await finishGame(database, { sessionId: paid.sessionId, ...end });
  }
}

function totalsOf(
  payments: Awaited<ReturnType<typeof paymentsSince>>,
  pools: readonly PoolOfWeek[],
): ArcadeWeek['totals'] {
  const sum = (amounts: readonly number[]): number => amounts.reduce((all, one) => all + one, 0);
  const inPools = (isOpen: boolean): number =>
    sum(
      pools
        .filter(({ status }) => (status === 'active') === isOpen)
        .map(({ totalMicroUsdc }) => totalMicroUsdc),
    );
  const paymentsMicroUsdc = sum(payments.map(({ microUsdc }) => microUsdc));
  const poolsMicroUsdc = sum(payments.map((day) => day.poolsMicroUsdc));
  const wonMicroUsdc = inPools(false);
  const openMicroUsdc = inPools(true);
  return {
    paymentsMicroUsdc,
    poolsMicroUsdc,
    wonMicroUsdc,
    openMicroUsdc,
    houseMicroUsdc: paymentsMicroUsdc - poolsMicroUsdc,
    poolsWithinPayments: wonMicroUsdc + openMicroUsdc <= paymentsMicroUsdc,
  };
}
