import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { createHumdrum } from '../../../src/index.ts';
import { quiz } from '../../../src/packs/quiz/index.ts';
import { anyBackend } from '../../support/databases.ts';
import { BEGIN, expectArchives, expectBoards, rowsOf, take } from './expect-boards.ts';
import {
  expire,
  regenerate,
  updateStreak,
  type LivesRow,
  type PlayerRow,
  type SessionRow,
  type StreakRow,
} from './oracle.ts';
import { after, emptyAll, hours, minutes, MONDAY } from './support.ts';

// HUMDRUM_QUIZ_RUNS=1000 npx vitest run tests/packs/quiz/properties.test.ts
const RUNS = { numRuns: Number(process.env['HUMDRUM_QUIZ_RUNS'] ?? 12) };
const TIMEOUT_MS = 60_000 + 3_000 * RUNS.numRuns;

/** The rows of one table by one statement. */
async function fill(db: Database, table: string, rows: readonly object[]): Promise<void> {
  const columns = Object.keys(rows[0] ?? {}).join(', ');
  if (columns === '') return;
  await db.query(
    `insert into quiz.${table} (${columns}) select ${columns} from json_populate_recordset(null::quiz.${table}, $1)`,
    [JSON.stringify(rows)],
  );
}

async function fillPlayers(
  db: Database,
  rows: readonly (Partial<PlayerRow & StreakRow> & { user_id: string })[],
): Promise<void> {
  const players = rows.map((row) => ({
    longest_streak: row.current_streak ?? 0,
    username: row.user_id,
    xp: 0,
    ...row,
  }));
  await fill(
    db,
    'player_progress',
    players.map((row) => ({ current_streak: 0, protections_remaining: 0, ...row })),
  );
}

/** In the order of their bytes: `Z` before `a`, and one that begins like another. */
const IDS = ['Z', 'a', 'aa', 'b', 'c', 'd e', 'f', 'g', 'h', 'ä'];
const players = <T>(row: fc.Arbitrary<T>): fc.Arbitrary<(T & { user_id: string })[]> =>
  fc
    .tuple(fc.subarray(IDS, { minLength: 1 }), fc.array(row, { minLength: 10, maxLength: 10 }))
    .map(([ids, rows]) => ids.map((user_id, at) => ({ ...(rows[at] as T), user_id })));

/** Often right at the edge. */
const around = (edgeMs: number, spreadMs: number): fc.Arbitrary<number> =>
  fc.oneof(
    fc.constantFrom(edgeMs - 1, edgeMs, edgeMs + 1),
    fc.integer({ min: edgeMs - spreadMs, max: edgeMs + spreadMs }),
  );

anyBackend('for any data', (fresh) => {
  const world = async () => {
    const db = await fresh({ packs: [quiz] });
    const humdrum = await createHumdrum({ database: db, packs: [quiz] });
    const run = async (type: string, at: Date) => {
      const { succeeded, outcome } = await humdrum.run(type, {}, { at });
      expect(succeeded, JSON.stringify(outcome.ended)).toBe(true);
      return outcome.effects.map(({ data }) => data);
    };
    return { db, run };
  };

  it(
    'lives come as if each player was looked at by itself',
    async () => {
      const { db, run } = await world();
      const lives = fc.record({
        current_lives: fc.integer({ min: 0, max: 5 }),
        dueMs: around(0, hours(2)),
      });
      await fc.assert(
        fc.asyncProperty(players(lives), fc.integer({ min: 1, max: 3 }), async (given, ticks) => {
          await emptyAll(db);
          let rows: LivesRow[] = given.map(({ user_id, current_lives, dueMs }) => ({
            user_id,
            current_lives,
            last_regen_at: null,
            next_regen_at: current_lives === 5 ? null : after(MONDAY, dueMs),
          }));
          await fillPlayers(
            db,
            rows.map(({ user_id }) => ({ user_id })),
          );
          await fill(db, 'lives', rows);
          for (let tick = 0; tick < ticks; tick += 1) {
            const at = after(MONDAY, tick * minutes(30));
            rows = rows.map((row) => regenerate(row, at));
            await run('quiz.regenerate-lives', at);
          }
          expect(await rowsOf(db, 'select * from quiz.lives order by user_id')).toEqual(rows);
        }),
        RUNS,
      );
    },
    TIMEOUT_MS,
  );

  it(
    'streaks are kept and broken as if each player was looked at by itself',
    async () => {
      const { db, run } = await world();
      const streaks = fc.record({
        current_streak: fc.integer({ min: 0, max: 3 }),
        idleMs: around(hours(48), hours(60)),
        protections_remaining: fc.integer({ min: 0, max: 2 }),
      });
      await fc.assert(
        fc.asyncProperty(players(streaks), fc.integer({ min: 1, max: 4 }), async (given, days) => {
          await emptyAll(db);
          let rows: StreakRow[] = given.map(
            ({ user_id, current_streak, idleMs, protections_remaining }) => ({
              user_id,
              current_streak,
              last_quiz_at: after(MONDAY, -idleMs),
              protections_remaining,
            }),
          );
          await fillPlayers(db, rows);
          for (let day = 0; day < days; day += 1) {
            const at = after(MONDAY, day * hours(24));
            const decided = rows.map((row) => updateStreak(row, at));
            rows = decided.map(({ row }) => row);
            const told = await run('quiz.update-streaks', at);
            expect(told).toEqual(decided.flatMap(({ broken }) => broken ?? []));
            expect(await run('quiz.update-streaks', at)).toEqual([]);
          }
          expect(
            await rowsOf(
              db,
              'select user_id, current_streak, last_quiz_at, protections_remaining from quiz.player_progress order by user_id',
            ),
          ).toEqual(rows);
        }),
        RUNS,
      );
    },
    TIMEOUT_MS,
  );

  it(
    'sessions expire as if each was looked at by itself',
    async () => {
      const { db, run } = await world();
      const sessions = fc.record({
        status: fc.constantFrom('active', 'active', 'completed'),
        dueMs: around(0, hours(3)),
      });
      await fc.assert(
        fc.asyncProperty(players(sessions), async (given) => {
          await emptyAll(db);
          const rows: SessionRow[] = given.map(({ user_id, status, dueMs }) => {
            const expires_at = after(MONDAY, dueMs);
            const started_at = after(expires_at, -minutes(10));
            const completed_at = status === 'active' ? null : started_at;
            return { id: `of ${user_id}`, user_id, status, started_at, expires_at, completed_at };
          });
          await fillPlayers(
            db,
            rows.map(({ user_id }) => ({ user_id })),
          );
          await fill(db, 'quiz_session', rows);
          const told = await run('quiz.expire-sessions', MONDAY);
          const ended = rows.map((row) => expire(row, MONDAY));
          expect(await rowsOf(db, 'select * from quiz.quiz_session order by id')).toEqual(ended);
          expect(told).toEqual(
            ended
              .filter((row, at) => row.status !== rows[at]?.status)
              .map(({ user_id, id }) => ({ userId: user_id, sessionId: id })),
          );
        }),
        RUNS,
      );
    },
    TIMEOUT_MS,
  );

  it(
    'boards and archives are what sorting all players would give, whatever ran before and in whatever order',
    async () => {
      const { db, run } = await world();
      await fc.assert(
        fc.asyncProperty(
          players(points),
          fc.array(anEvent, { maxLength: 25 }),
          fc.array(aStep, { minLength: 1, maxLength: 4 }),
          async (given, earned, steps) => {
            await emptyAll(db);
            const all = given.map(({ user_id, xp, xpMs }) => ({
              user_id,
              xp,
              xp_at: xp > 0 ? after(BEGIN, -xpMs) : null,
            }));
            const events = earned.map(({ of, xp, atMs }) => ({
              user_id: all[of % all.length]?.user_id ?? '',
              xp,
              at: after(BEGIN, atMs),
            }));
            await fillPlayers(db, all);
            await fill(db, 'xp_event', events);
            const { made, archived } = await take(steps, run);
            await expectBoards(db, { all, events }, made);
            await expectArchives(db, { all, events }, archived);
          },
        ),
        RUNS,
      );
    },
    TIMEOUT_MS,
  );
});

const points = fc.record({
  xp: fc.constantFrom(0, 1, 1, 2, Number.MAX_SAFE_INTEGER),
  xpMs: fc.constantFrom(0, 1, hours(1)),
});
const anEvent = fc.record({
  of: fc.nat(9),
  xp: fc.integer({ min: 1, max: 3 }),
  atMs: fc.oneof(
    around(0, hours(24 * 9)),
    fc.constantFrom(-hours(24 * 7), -hours(24 * 31), hours(2)),
  ),
});
const aStep = fc.record({
  name: fc.constantFrom(
    'recalculate-leaderboards',
    'reset-weekly-leaderboard',
    'reset-monthly-leaderboard',
  ),
  afterMs: fc.constantFrom(0, 0, hours(1), hours(24 * 7)),
});
