import { expect, it } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { migrate } from '../../../src/database/migrate.ts';
import { openDatabase } from '../../../src/database/open.ts';
import { migrationSets } from '../../../src/engine/job/pack.ts';
import { arcade, defineArcade, fillSample } from '../../../src/packs/arcade/index.ts';
import { anyBackendWhere, fresh } from '../../support/databases.ts';
import { openEngine } from '../../support/engine.ts';
import { cli } from '../../support/process.ts';
import { fingerprint, runJob, valuesOf, type Results } from './support.ts';

const CONFIG = new URL('fixtures/killed.config.mjs', import.meta.url).pathname;
const AT = '2026-01-26T03:00:00.000Z';
const JOBS: readonly (readonly [type: keyof Results, killAt: number])[] = [
  ['arcade.finalize-prize-pools', 20],
  ['arcade.validate-leaderboards', 7],
  ['arcade.clean-up', 3],
];

// What nobody told it to run does not run, whatever the time of day.
const quiet = defineArcade({
  enablePrizePoolJob: false,
  enableLeaderboardJob: false,
  enableCleanupJob: false,
});

anyBackendWhere(
  'a job of the arcade whose process is killed in the middle',
  (freshPlace, backend) => {
    it(
      'has done nothing, and ends the same when it is run again',
      { timeout: 120_000 },
      async () => {
        const where = await freshPlace();
        const undisturbed = await fresh(backend, { packs: [arcade] });
        await fillSample(undisturbed, { games: 60 });
        await open(where, async (db) => {
          await migrate(db, migrationSets([arcade]));
          await fillSample(db, { games: 60 });
        });
        for (const [type, killAt] of JOBS) {
          const before = await fingerprint(undisturbed);
          const args = ['run', type, '--at', AT, '--config', CONFIG, '--database', where];
          const { code, stderr } = await cli(args, {
            env: { KILL_AT: String(killAt) },
            alone: true,
          });
          expect(code, stderr).toBeNull();
          await open(where, async (db) => {
            expect(await fingerprint(db)).toBe(before);
            const { humdrum, events } = await openEngine(db, { packs: [quiet] });
            await humdrum.start();
            await events.settled(1);
            await humdrum.stop();
            const attempts = `select error_class from humdrum.attempt join humdrum.job on job.id = job_id
          where type = '${type}' order by number`;
            expect(await valuesOf(db, attempts)).toEqual(['WorkerLost', null]);
            await runJob(undisturbed, type, AT);
            expect(await fingerprint(db)).toBe(await fingerprint(undisturbed));
          });
        }
      },
    );
  },
);

async function open(where: string, use: (db: Database) => Promise<void>): Promise<void> {
  const db = await openDatabase(where, { max: 20 });
  try {
    await use(db);
  } finally {
    await db.close();
  }
}
