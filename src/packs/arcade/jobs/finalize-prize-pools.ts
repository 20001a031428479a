import { z } from 'zod';
import type { Transaction } from '../../../database/database.ts';
import type { Context } from '../../../engine/job/context.ts';
import { defineJob } from '../../../engine/job/define-job.ts';
import type { JobType } from '../../../engine/job/job-type.ts';
import type { PoolKey } from '../game.ts';
import type { Settings } from '../options.ts';
import {
  finalizePool,
  lockPool,
  poolsToLookAt,
  rankedEntries,
  type RolledOver,
  rollOver,
} from '../queries.ts';
import { comparePools, dateOf, duePools, formatUsdc, hasEnded, shortAddress } from '../rules.ts';

const MOST_WINNERS_NAMED = 10;
const MOST_ERRORS = 100;
/** A log holds 200 lines, and the summary must fit. */
const MOST_LOGGED = 100;

export function finalizePrizePools({ enablePrizePoolJob, timezone }: Settings): JobType {
  return defineJob({
    type: 'arcade.finalize-prize-pools',
    aliases: ['prizepool'],
    description: 'Finalizes the prize pools of days and weeks that have ended.',
    input: z.strictObject({}),
    ...(enablePrizePoolJob && {
      schedule: { cron: '0 0 * * *', timeZone: timezone },
      // A day has 25 hours when daylight saving time ends.
      health: { everyMs: 26 * 3_600_000 },
    }),
    run: finalize,
  });
}

export interface PoolError extends PoolKey {
  error: string;
}

export interface PrizePoolsResult {
  message: string;
  /** Pools closed, with a winner or without. */
  affected: number;
  details: Tally & {
    /** Pools examined: those counted above, and those with errors. */
    processed: number;
    prizesMicroUsdc: number;
    /** Pools that failed and were left unchanged: the first 100 of `errorCount`. */
    errors: PoolError[];
    errorCount: number;
  };
}

/** Pools by outcome. */
interface Tally {
  finalized: number;
  /** Closed without a winner. */
  rolledOver: number;
  /** No pool exists because there were no games. */
  missing: number;
  /** Already finalized or paid. */
  unchanged: number;
}

interface Win extends PoolKey {
  winnerAddress: string;
  prizeMicroUsdc: number;
}

async function finalize(ctx: Context): Promise<PrizePoolsResult> {
  const today = dateOf(ctx.now);
  const log = limited(ctx.log);
  ctx.log(`Prize pools of the days and weeks that had ended by ${today}, 00:00 UTC`);
  const pools = (await poolsToLookAt(ctx.db, duePools(today), today)).toSorted(comparePools);
  const tally: Tally = { finalized: 0, rolledOver: 0, missing: 0, unchanged: 0 };
  const wins: Win[] = [];
  const report = await ctx.forEach(growing(pools), async (pool, db) => {
    const end = await close(db, pool, ctx.now);
    if (end.how === 'finalized') {
      ctx.emit('arcade.prize-pool-finalized', { ...end.win });
      wins.push(end.win);
    } else if (end.how === 'rolledOver') {
      ctx.emit('arcade.prize-pool-rolled-over', { ...pool, ...end.rolled });
      if (end.rolled.into !== null) add(pools, { ...pool, periodDate: end.rolled.into }, today);
    }
    tally[end.how] += 1;
    log(sentenceOn(pool, end));
  });
  const errors = report.failed.map(({ item, error }) => ({ ...item, error }));
  for (const failed of errors) {
    ctx.emit('arcade.prize-pool-failed', { ...failed });
    log(`Left as it was: ${nameOf(failed)}: ${failed.error}`);
  }
  const details = {
    processed: pools.length,
    ...tally,
    prizesMicroUsdc: wins.reduce((sum, { prizeMicroUsdc }) => sum + prizeMicroUsdc, 0),
    errors: errors.slice(0, MOST_ERRORS),
    errorCount: errors.length,
  };
  const message = summaryOf(details, wins);
  ctx.log(message);
  return { message, affected: tally.finalized + tally.rolledOver, details };
}

type End =
  | { how: 'finalized'; win: Win }
  | { how: 'rolledOver'; rolled: RolledOver }
  | { how: 'missing' }
  | { how: 'unchanged' };

async function close(db: Transaction, pool: PoolKey, at: Date): Promise<End> {
  // A separate statement, so that the next ones see the changes that this one waited for.
  const locked = await lockPool(db, pool);
  if (!locked) return { how: 'missing' };
  if (locked.status !== 'active') return { how: 'unchanged' };
  const { game, period, periodDate } = pool;
  const [top] = await rankedEntries(db, game, period, periodDate, 1);
  if (top) {
    const winnerAddress = top.playerAddress;
    const prizeMicroUsdc = await finalizePool(db, pool, winnerAddress, at);
    if (prizeMicroUsdc === null) throw new Error('The pool changed although it was locked.');
    return { how: 'finalized', win: { ...pool, winnerAddress, prizeMicroUsdc } };
  }
  const rolled = await rollOver(db, pool, at);
  if (!rolled || (rolled.microUsdc > 0 && rolled.into === null)) {
    throw new Error('The pool has no winner, and the next pool was closed in the meantime.');
  }
  return { how: 'rolledOver', rolled };
}

/** Iterates over an array that grows meanwhile, including the items added after the current one. */
function* growing<Item>(items: readonly Item[]): Generator<Item> {
  for (let at = 0; at < items.length; at += 1) yield items[at] as Item;
}

/** Adds the pool that another one rolled over into, if its period has ended too. */
function add(pools: PoolKey[], pool: PoolKey, today: string): void {
  if (!hasEnded(pool, today)) return;
  const after = pools.findIndex((other) => comparePools(other, pool) >= 0);
  const place = after < 0 ? pools.length : after;
  const existing = pools[place];
  if (!existing || comparePools(existing, pool) !== 0) pools.splice(place, 0, pool);
}

function limited(log: Context['log']): (line: string) => void {
  let lines = 0;
  return (line) => {
    lines += 1;
    if (lines <= MOST_LOGGED) log(line);
  };
}

const nameOf = ({ game, period, periodDate }: PoolKey): string => `${game} ${period} ${periodDate}`;

const prizeOf = ({ winnerAddress, prizeMicroUsdc }: Win): string =>
  `Winner: ${shortAddress(winnerAddress)} - Prize: ${formatUsdc(prizeMicroUsdc)} USDC`;

function sentenceOn({ game, period, periodDate }: PoolKey, end: End): string {
  const pool = `${period} pool (${game}, ${periodDate})`;
  if (end.how === 'finalized') return `Finalized ${pool}. ${prizeOf(end.win)}`;
  if (end.how === 'missing') return `No games played: no ${pool}`;
  if (end.how === 'unchanged') return `Finalized before: ${pool}`;
  const { microUsdc, into } = end.rolled;
  const rest = into === null ? 'it is empty' : `its ${formatUsdc(microUsdc)} USDC go to ${into}`;
  return `Nobody won ${pool}: ${rest}`;
}

function summaryOf(
  { processed, finalized, rolledOver, errorCount }: PrizePoolsResult['details'],
  wins: readonly Win[],
): string {
  const rolled = rolledOver > 0 ? ` Rolled over: ${rolledOver}.` : '';
  const named = wins.slice(0, MOST_WINNERS_NAMED).map((win) => ` ${nameOf(win)}: ${prizeOf(win)}.`);
  const more = wins.length - named.length;
  const others = more > 0 ? ` And ${more.toLocaleString('en-US')} more.` : '';
  return `Pools processed: ${processed}. Pools finalized: ${finalized}.${rolled} Errors: ${errorCount}.${named.join('')}${others}`;
}
