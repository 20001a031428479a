import { expect, it } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { createHumdrum } from '../../../src/index.ts';
import { quiz, seed } from '../../../src/packs/quiz/index.ts';
import { anyBackend } from '../../support/databases.ts';
import { contents, emptyAll, runJob, valuesOf } from './support.ts';

/** The first of a month that is a Monday: every job has something to do. */
const NOW = new Date('2025-09-01T00:00:00Z');

/** With the first player that the job changes, and how one row of it is made to refuse. */
const JOBS = [
  {
    type: 'quiz.regenerate-lives',
    table: 'lives',
    victim: `select min(user_id) from quiz.lives where next_regen_at <= $1`,
  },
  {
    type: 'quiz.update-streaks',
    table: 'player_progress',
    victim: `select min(user_id) from quiz.player_progress where current_streak > 0 and last_quiz_at < $1::timestamptz - interval '48 hours'`,
  },
  {
    type: 'quiz.expire-sessions',
    table: 'quiz_session',
    victim: `select min(user_id) from quiz.quiz_session where status = 'active' and expires_at <= $1`,
  },
  {
    type: 'quiz.recalculate-leaderboards',
    table: 'ranking',
    victim: `select min(user_id) from quiz.player_progress where xp > 0`,
  },
  {
    type: 'quiz.reset-weekly-leaderboard',
    table: 'ranking_archive_entry',
    victim: `select min(user_id) from quiz.xp_event where at >= $1::timestamptz - interval '7 days' and at < $1`,
  },
  {
    type: 'quiz.reset-monthly-leaderboard',
    table: 'ranking',
    victim: `select max(user_id) from quiz.player_progress`,
  },
] as const;

const TYPES = quiz.jobs.map(({ type }) => type);

async function players(db: Database, count = 300): Promise<void> {
  await emptyAll(db);
  await seed(db, { players: count, seed: 'every job', at: NOW });
}

async function poison(db: Database, table: string, userId: unknown): Promise<void> {
  await db.query(`create or replace function quiz.poisoned() returns trigger language plpgsql as $$
    begin
      if new.user_id = '${String(userId)}' then raise exception 'this row is poisoned'; end if;
      return new;
    end $$`);
  await db.query(
    `create trigger poison before insert or update on quiz.${table} for each row execute function quiz.poisoned()`,
  );
}

const withoutRow = (rows: readonly unknown[] = [], userId: unknown): unknown[] =>
  rows.filter((row) => (row as { user_id?: unknown }).user_id !== userId);

anyBackend('every job of quiz', (fresh) => {
  it('does what its dry run says, and nothing more on the same tick', async () => {
    const db = await fresh({ packs: [quiz] });
    await players(db);
    const humdrum = await createHumdrum({ database: db, packs: [quiz] });
    for (const type of TYPES) {
      const before = await contents(db);
      const plan = await humdrum.rehearse(type, {}, NOW);
      expect(plan.error, type).toBeNull();
      expect(plan.tables.length, type).toBeGreaterThan(0);
      expect(await contents(db), type).toEqual(before);
      const real = await humdrum.run(type, {}, { at: NOW, ifPlan: plan.hash });
      expect(real.succeeded, type).toBe(true);
      expect(real.plan?.hash, type).toBe(plan.hash);
      const once = await contents(db);
      expect(once, type).not.toEqual(before);
      const { result, events } = await runJob(db, type, NOW);
      expect(result.affected, type).toBe(0);
      expect(events, type).toEqual([]);
      expect(await contents(db), type).toEqual(once);
    }
  });

  it.each(JOBS)(
    '$type leaves out a row that refuses, says so, and does all others',
    async ({ type, table, victim }) => {
      const db = await fresh({ packs: [quiz] });
      await players(db);
      const params = victim.includes('$1') ? [NOW] : [];
      const { rows } = await db.query(victim, params);
      const [id] = Object.values(rows[0] ?? {});
      expect(id).toEqual(expect.stringContaining('player-'));
      await runJob(db, type, NOW);
      const healthy = await contents(db);
      await players(db);
      await poison(db, table, id);
      const { result } = await runJob(db, type, NOW);
      const text = JSON.stringify(result);
      expect(text).toContain('this row is poisoned');
      expect(text).toMatch(/"errorCount":[1-9]/);
      const ill = await contents(db);
      const { board: _, ...others } = healthy;
      for (const [name, all] of Object.entries(others)) {
        expect(withoutRow(ill[name], id), name).toEqual(withoutRow(all, id));
      }
    },
  );

  it('does 12,000 players in a set', async () => {
    const db = await fresh({ packs: [quiz] });
    await players(db, 12_000);
    for (const type of TYPES) {
      const { result } = await runJob(db, type, NOW);
      expect(result.affected, type).toBeGreaterThan(500);
      expect(JSON.stringify(result), type).not.toMatch(/"errorCount":[1-9]/);
    }
    const due = [
      `select from quiz.lives where next_regen_at <= '${NOW.toISOString()}'`,
      `select from quiz.quiz_session where status = 'active' and expires_at <= '${NOW.toISOString()}'`,
      `select from quiz.ranking group by type having count(*) <> 12000 or max(rank) <> 12000 or count(distinct rank) <> 12000`,
    ];
    for (const sql of due) expect((await db.query(sql)).rows, sql).toEqual([]);
    expect(await valuesOf(db, 'select count(*)::int from quiz.board')).toEqual([3]);
  });
});
