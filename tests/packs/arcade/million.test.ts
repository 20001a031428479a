import { describe, expect, it, onTestFinished } from 'vitest';
import { migrate } from '../../../src/database/migrate.ts';
import { openDatabase } from '../../../src/database/open.ts';
import { migrationSets } from '../../../src/engine/job/pack.ts';
import { arcade, fillSample } from '../../../src/packs/arcade/index.ts';
import { anyBackendWhere } from '../../support/databases.ts';
import { timed } from '../timed.ts';
import { runJob, valuesOf, type Results } from './support.ts';

const GAMES = Number(process.env['ARCADE_GAMES'] ?? 0);
const TICKS: readonly (readonly [type: keyof Results, at: string])[] = [
  ['arcade.finalize-prize-pools', '2026-01-26T00:00:00Z'],
  ['arcade.validate-leaderboards', '2026-01-26T01:00:00Z'],
  ['arcade.clean-up', '2026-07-01T03:00:00Z'],
];

describe.skipIf(GAMES === 0)('as many games as ARCADE_GAMES says', () => {
  anyBackendWhere('the jobs of one night', (freshPlace, backend) => {
    it('do them all, one set at a time in memory', { timeout: 3_600_000 }, async () => {
      const db = await openDatabase(await freshPlace(), { max: 2 });
      onTestFinished(() => db.close());
      await migrate(db, migrationSets([arcade]));
      await timed(`${backend}: sample data`, async () => fillSample(db, { games: GAMES }));
      for (const [type, at] of TICKS) {
        const { message, details } = await timed(
          `${backend}: ${type}`,
          async () => (await runJob(db, type, at)).result,
        );
        expect(message).toContain('Errors: 0');
        expect(details).toMatchObject({ errorCount: 0 });
      }
      const left = await valuesOf(
        db,
        `select (select count(*) from arcade.game_session where status = 'active')::int as active,
           (select count(*) from arcade.leaderboard_entry where period <> 'alltime')::int as entries`,
      );
      expect(left).toEqual([0, 0]);
    });
  });
});
