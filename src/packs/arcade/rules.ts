import { GAMES, type Period, type PoolKey, type PoolPeriod } from './game.ts';

const DAY_MS = 86_400_000;
/** Percentage of each fee that goes to the game's pools. */
const POOLS_PERCENT = 70;
const MICRO_PER_USDC = 1_000_000;

/** The UTC date of an instant. */
export function dateOf(at: Date): string {
  return at.toISOString().slice(0, 10);
}

export function addDays(date: string, days: number): string {
  return dateOf(new Date(Date.parse(date) + days * DAY_MS));
}

/** The start date of the period that `date` is in. For a week, its Monday. */
export function periodDateOf(period: Period, date: string): string {
  if (period === 'alltime') return '1970-01-01';
  return period === 'daily' ? date : addDays(date, -daysSinceMonday(date));
}

/** The start of the next period, which is also the end of this one. */
export function nextPeriod(period: PoolPeriod, periodDate: string): string {
  return addDays(periodDate, period === 'daily' ? 1 : 7);
}

export function hasEnded({ period, periodDate }: Omit<PoolKey, 'game'>, today: string): boolean {
  return nextPeriod(period, periodDate) <= today;
}

/** Periods that start before this date ended at least `ageDays` days ago. */
export function archivedBefore(period: PoolPeriod, today: string, ageDays: number): string {
  return addDays(today, (period === 'daily' ? 0 : -6) - ageDays);
}

/** The pools to finalize on this day: yesterday's of each game, and on Mondays last week's. */
export function duePools(today: string): PoolKey[] {
  const of = (period: PoolPeriod, periodDate: string): PoolKey[] =>
    GAMES.map((game) => ({ game, period, periodDate }));
  return [
    ...of('daily', addDays(today, -1)),
    ...(daysSinceMonday(today) === 0 ? of('weekly', addDays(today, -7)) : []),
  ];
}

/** The order of finalizing. By date, because a pool without a winner rolls over into a later one. */
export function comparePools(a: PoolKey, b: PoolKey): number {
  return (
    compare(a.period, b.period) ||
    compare(a.periodDate, b.periodDate) ||
    GAMES.indexOf(a.game) - GAMES.indexOf(b.game)
  );
}

export interface Shares {
  readonly dailyMicroUsdc: number;
  readonly weeklyMicroUsdc: number;
}

/** The pools' shares of a fee: 70 %, rounded down and split in half. An odd micro-USDC goes to the weekly pool. */
export function sharesOf(amountMicroUsdc: number): Shares {
  // In two parts, because the product of a large fee would exceed the safe integers.
  const rest = amountMicroUsdc % 100;
  const share =
    ((amountMicroUsdc - rest) / 100) * POOLS_PERCENT + Math.floor((rest * POOLS_PERCENT) / 100);
  const dailyMicroUsdc = Math.floor(share / 2);
  return { dailyMicroUsdc, weeklyMicroUsdc: share - dailyMicroUsdc };
}

/** `0x1234...5678` */
export function shortAddress(address: string): string {
  return `${address.slice(0, 6)}...${address.slice(-4)}`;
}

/** Formats as `0.14`, with more decimals if needed: `0.145`. */
export function formatUsdc(microUsdc: number): string {
  const fraction = String(microUsdc % MICRO_PER_USDC).padStart(6, '0');
  const whole = Math.floor(microUsdc / MICRO_PER_USDC);
  return `${whole}.${fraction.slice(0, 2)}${fraction.slice(2).replace(/0+$/, '')}`;
}

function daysSinceMonday(date: string): number {
  return (new Date(date).getUTCDay() + 6) % 7;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
