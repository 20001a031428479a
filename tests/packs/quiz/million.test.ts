import { describe, expect, it, onTestFinished } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { migrate } from '../../../src/database/migrate.ts';
import { openDatabase } from '../../../src/database/open.ts';
import { migrationSets } from '../../../src/engine/job/pack.ts';
import { createHumdrum } from '../../../src/index.ts';
import { quiz, seed } from '../../../src/packs/quiz/index.ts';
import { anyBackendWhere } from '../../support/databases.ts';
import { timed } from '../timed.ts';
import { MONDAY, runJob } from './support.ts';

const PLAYERS = Number(process.env['QUIZ_PLAYERS'] ?? 0);
const JOBS = [
  'quiz.regenerate-lives',
  'quiz.update-streaks',
  'quiz.expire-sessions',
  'quiz.reset-weekly-leaderboard',
  'quiz.recalculate-leaderboards',
];

interface Result {
  affected: number;
  details: { left?: number; errorCount: number };
}

describe.skipIf(PLAYERS === 0)('as many players as QUIZ_PLAYERS says', () => {
  anyBackendWhere('the jobs of one night', (freshPlace, backend) => {
    it('do them all, one set at a time in memory', { timeout: 3_600_000 }, async () => {
      const db = await openDatabase(await freshPlace(), { max: 2 });
      onTestFinished(() => db.close());
      await migrate(db, migrationSets([quiz]));
      const options = { players: PLAYERS, seed: 'many', at: MONDAY };
      await timed(`${backend}: sample data`, async () => seed(db, options));
      for (const type of JOBS) {
        const result = await timed(`${backend}: ${type}`, async () => runToItsEnd(db, type));
        expect(result.affected).toBeGreaterThan(0);
        expect(result.details.errorCount).toBe(0);
        const again = await runJob<Result>(db, type, MONDAY);
        expect(again.result.affected).toBe(0);
      }
    });
  });
});

/** With the jobs that it leaves its rest to. Answers what the first one did. */
async function runToItsEnd(db: Database, type: string): Promise<Result> {
  const { result } = await runJob<Result>(db, type, MONDAY);
  if ((result.details.left ?? 0) > 0) {
    const jobs = quiz.jobs.filter((job) => job.type === type);
    const humdrum = await createHumdrum({ database: db, jobs, limits: quiz.limits ?? {} });
    await humdrum.drain();
  }
  return result;
}
