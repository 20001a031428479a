import { packageFile } from '../../database/package-files.ts';
import type { Pack } from '../../engine/job/pack.ts';
import { settleGames } from './jobs/settle-games.ts';
import { loadSample } from './sample.ts';

/** Settlement of bets on games. See README.md in this folder. */
export const picks: Pack = {
  name: 'picks',
  migrations: packageFile('migrations/picks/'),
  jobs: [settleGames],
  loadSample,
};

export { settleGames, type SettleGamesResult } from './jobs/settle-games.ts';
export { importGames, type GamesSource, type ImportGamesResult } from './import-games.ts';
export { placeBets, type PlaceBetsOptions, type PlaceBetsResult } from './place-bets.ts';
export { sampleGames, type SampleGamesOptions } from './sample.ts';
export type { GameRecord } from './game.ts';
