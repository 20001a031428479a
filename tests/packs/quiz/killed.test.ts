import { Client } from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { openPostgres } from '../../../src/database/postgres.ts';
import { createHumdrum } from '../../../src/index.ts';
import { quiz, seed } from '../../../src/packs/quiz/index.ts';
import { freshUrl } from '../../support/databases.ts';
import { contents, runJob } from './support.ts';

const NOW = new Date('2025-09-01T00:00:00Z');
const TYPES = quiz.jobs.map(({ type }) => type);

/** A database with players for whom every job has something to do. */
async function open() {
  const url = await freshUrl({ packs: [quiz] });
  const db = await openPostgres(url);
  onTestFinished(() => db.close());
  await seed(db, { players: 300, seed: 'killed', at: NOW });
  return { url, db };
}

/** Holds the rows of the last player, to whom the job comes last, waits until it stands there, and ends its connection. */
async function killInTheMiddle(
  url: string,
  table: string,
): Promise<{ killed: Promise<void>; let: () => Promise<void> }> {
  const holder = new Client({ connectionString: url });
  await holder.connect();
  onTestFinished(() => holder.end());
  await holder.query('begin');
  await holder.query(
    `select from quiz.${table} where user_id = (select max(user_id) from quiz.${table}) for update`,
  );
  const killed = (async (): Promise<void> => {
    for (;;) {
      const { rows } = await holder.query<{ gone: boolean }>(
        `select pg_terminate_backend(pid) as gone from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock'`,
      );
      if (rows.length > 0) return;
    }
  })();
  return { killed, let: async () => void (await holder.query('rollback')) };
}

/** Which table's last row each job has to wait for. */
const HELD: Record<string, string> = {
  'quiz.regenerate-lives': 'lives',
  'quiz.update-streaks': 'player_progress',
  'quiz.expire-sessions': 'quiz_session',
};

describe('a job of quiz that was killed in its middle', () => {
  it.each(TYPES)('%s ends as if nothing had happened', async (type) => {
    const [whole, cut] = [await open(), await open()];
    const table = HELD[type] ?? 'ranking';
    for (const { db } of [whole, cut]) {
      // Boards are there already, and all places are other ones by now; all other rows are late.
      await runJob(db, 'quiz.recalculate-leaderboards', new Date(NOW.getTime() - 3_600_000));
      await db.query(`update quiz.player_progress set xp = xp % 977, current_streak = 1, longest_streak = 1,
        last_quiz_at = '2025-08-01Z'`);
      await db.query(`update quiz.lives set current_lives = 1, next_regen_at = '2025-08-01Z'`);
      await db.query(
        `update quiz.quiz_session set status = 'active', completed_at = null, expires_at = '2025-08-31Z', started_at = '2025-08-30Z'`,
      );
      await db.query(`update quiz.ranking set rank = rank + 1`);
    }
    const expected = await runJob(whole.db, type, NOW);
    const before = await contents(cut.db);
    const humdrum = await createHumdrum({ database: cut.db, packs: [quiz] });
    const { killed, let: letGo } = await killInTheMiddle(cut.url, table);
    const [{ jobId, succeeded }] = await Promise.all([humdrum.run(type, {}, { at: NOW }), killed]);
    expect(succeeded).toBe(false);
    await letGo();
    expect(await contents(cut.db)).toEqual(before);
    // The next attempt, as a worker makes it when its time has come.
    await humdrum.cancel(jobId, { reason: 'the test runs it again itself' });
    expect(await runJob(cut.db, type, NOW)).toEqual(expected);
    expect(await contents(cut.db)).toEqual(await contents(whole.db));
  });
});
