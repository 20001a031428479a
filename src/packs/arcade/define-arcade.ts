import type { Pack } from '../../engine/job/pack.ts';
import { cleanUp } from './jobs/clean-up.ts';
import { finalizePrizePools } from './jobs/finalize-prize-pools.ts';
import { validateLeaderboards } from './jobs/validate-leaderboards.ts';
import { settingsOf, type ArcadeOptions } from './options.ts';
import { loadSample } from './sample.ts';

/** The pack as you want it: which of its jobs have a schedule, by whose clocks, and when things are old. Errors: `config-invalid`. */
export function defineArcade(options: ArcadeOptions = {}): Pack {
  const settings = settingsOf(options);
  return {
    name: 'arcade',
    migrations: new URL('../../../migrations/arcade/', import.meta.url),
    jobs: [finalizePrizePools(settings), validateLeaderboards(settings), cleanUp(settings)],
    loadSample,
  };
}

/** Paid games, their leaderboards and prize pools, with every option at its default. See README.md in this folder. */
export const arcade: Pack = defineArcade();
