export { arcade, defineArcade } from './define-arcade.ts';
export type { ArcadeOptions } from './options.ts';
export { finishGame, payForGame, recordGame } from './record-game.ts';
export type {
  FinishedGameInput,
  PaymentInput,
  PaymentResult,
  ScoreInput,
  Transacting,
} from './record-game.ts';
export { recordPayout, type PayoutInput } from './record-payout.ts';
export { topOf, type BoardInput } from './top-of.ts';
export { fillSample, type SampleOptions } from './sample.ts';
export { GAMES, PERIODS, type Game, type Period, type PoolKey, type PoolPeriod } from './game.ts';
export type { RankedEntry } from './queries.ts';
export type { CleanUpResult } from './jobs/clean-up.ts';
export type { PrizePoolsResult } from './jobs/finalize-prize-pools.ts';
export type { LeaderboardsResult } from './jobs/validate-leaderboards.ts';
export { formatUsdc, sharesOf, shortAddress, type Shares } from './rules.ts';
