import { packageFile } from '../../database/package-files.ts';
import type { Pack } from '../../engine/job/pack.ts';
import { cleanUp } from './jobs/clean-up.ts';
import { finalizePrizePools } from './jobs/finalize-prize-pools.ts';
import { validateLeaderboards } from './jobs/validate-leaderboards.ts';
import { settingsOf, type ArcadeOptions } from './options.ts';
import { loadSample } from './sample.ts';

/** Creates the pack with options: which jobs have a schedule, in which time zone, and when data is old. Errors: `config-invalid`. */
export function defineArcade(options: ArcadeOptions = {}): Pack {
  const settings = settingsOf(options);
  return {
    name: 'arcade',
    migrations: packageFile('migrations/arcade/'),
    jobs: [finalizePrizePools(settings), validateLeaderboards(settings), cleanUp(settings)],
    loadSample,
  };
}

/** The pack with default options: paid games, leaderboards and prize pools. See README.md in this folder. */
export const arcade: Pack = defineArcade();
