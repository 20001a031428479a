import { GAMES, type Period, type PoolKey, type PoolPeriod } from './game.ts';

const DAY_MS = 86_400_000;
/** Of each fee, in per cent: what goes to the pools of its game. */
const POOLS_PERCENT = 70;
const MICRO_PER_USDC = 1_000_000;

/** The UTC date of an instant. */
export function dateOf(at: Date): string {
  return at.toISOString().slice(0, 10);
}

export function addDays(date: string, days: number): string {
  return dateOf(new Date(Date.parse(date) + days * DAY_MS));
}

/** The date that names the period that `date` is in: of a week its Monday. */
export function periodDateOf(period: Period, date: string): string {
  if (period === 'alltime') return '1970-01-01';
  return period === 'daily' ? date : addDays(date, -daysSinceMonday(date));
}

/** A period ends as the next one begins. */
export function nextPeriod(period: PoolPeriod, periodDate: string): string {
  return addDays(periodDate, period === 'daily' ? 1 : 7);
}

export function hasEnded({ period, periodDate }: Omit<PoolKey, 'game'>, today: string): boolean {
  return nextPeriod(period, periodDate) <= today;
}

/** Entries of the periods that are named by an earlier date than this have ended so many days ago, or more. */
export function archivedBefore(period: PoolPeriod, today: string, ageDays: number): string {
  return addDays(today, (period === 'daily' ? 0 : -6) - ageDays);
}

/** The pools whose time has come on this day: of each game yesterday's, and on Mondays last week's. */
export function duePools(today: string): PoolKey[] {
  const of = (period: PoolPeriod, periodDate: string): PoolKey[] =>
    GAMES.map((game) => ({ game, period, periodDate }));
  return [
    ...of('daily', addDays(today, -1)),
    ...(daysSinceMonday(today) === 0 ? of('weekly', addDays(today, -7)) : []),
  ];
}

/** In which order pools are finalized: a pool that nobody won rolls into a later one. */
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

/** What of a fee goes to the two pools: 70 % of it, rounded down, in halves; the odd one to the week. */
export function sharesOf(amountMicroUsdc: number): Shares {
  // In two parts: the product of a large fee would not be exact.
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

/** `0.14`, and more digits where the amount has them: `0.145`. */
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
