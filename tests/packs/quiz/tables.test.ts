import { expect, it } from 'vitest';
import { quiz, seed } from '../../../src/packs/quiz/index.ts';
import { anyBackend } from '../../support/databases.ts';
import { contents, MONDAY, runJob } from './support.ts';

const REFUSED: readonly (readonly [what: string, sql: string])[] = [
  ['six lives', 'update quiz.lives set current_lives = 6'],
  ['less than no life', 'update quiz.lives set current_lives = -1'],
  [
    'a next life for who has all',
    `update quiz.lives set next_regen_at = '2025-01-01Z' where current_lives = 5`,
  ],
  ['no next life for who lacks one', `update quiz.lives set next_regen_at = null`],
  ['three protections', 'update quiz.player_progress set protections_remaining = 3'],
  ['a protection less than none', 'update quiz.player_progress set protections_remaining = -1'],
  ['a streak below 0', 'update quiz.player_progress set current_streak = -1'],
  [
    'a streak that was longer',
    'update quiz.player_progress set longest_streak = current_streak - 1',
  ],
  ['a streak without a quiz', 'update quiz.player_progress set last_quiz_at = null'],
  ['XP below 0', 'update quiz.player_progress set xp = -1'],
  ['XP past 2^53', 'update quiz.player_progress set xp = 9007199254740992'],
  ['XP of no time', 'update quiz.player_progress set xp_at = null'],
  [
    'a player without an id',
    `insert into quiz.player_progress (user_id, username) values ('', 'x')`,
  ],
  ['XP that is taken', `update quiz.xp_event set xp = -1`],
  ['XP of nobody', `insert into quiz.xp_event values ('nobody', 1, '2025-01-01Z')`],
  ['lives of nobody', `insert into quiz.lives values ('nobody', 5)`],
  ['a status that there is not', `update quiz.quiz_session set status = 'stopped'`],
  ['an active session that has ended', `update quiz.quiz_session set status = 'active'`],
  ['an ended session without its end', `update quiz.quiz_session set completed_at = null`],
  [
    'a session that expires before its time',
    `update quiz.quiz_session set status = 'expired', completed_at = expires_at - interval '1 second'`,
  ],
  [
    'a session that ends before it starts',
    `update quiz.quiz_session set completed_at = started_at - interval '1 second'`,
  ],
  ['a session that is over at its start', `update quiz.quiz_session set expires_at = started_at`],
  [
    'a leaderboard that there is not',
    `insert into quiz.board values ('daily', 1, null, null, null, 0)`,
  ],
  [
    'a period of the global board',
    `update quiz.board set period_start = as_of where type = 'global'`,
  ],
  ['a rank of 0', 'update quiz.ranking set rank = 0'],
  ['a second place of one player', 'insert into quiz.ranking select * from quiz.ranking limit 1'],
  ['a score of no time', `update quiz.ranking set xp_at = null`],
  [
    'a period that is archived twice',
    'insert into quiz.ranking_archive select * from quiz.ranking_archive',
  ],
  [
    'an archive of the global board',
    `insert into quiz.ranking_archive values ('global', '2025-01-01Z', '2025-02-01Z', 0, '2025-02-01Z')`,
  ],
  [
    'an archive of a period that has not ended',
    `insert into quiz.ranking_archive values ('weekly', '2025-01-06Z', '2025-01-13Z', 0, '2025-01-12Z')`,
  ],
  ['an archive that is changed', 'update quiz.ranking_archive set players = 0'],
  ['an archived place that is changed', 'update quiz.ranking_archive_entry set rank = 1'],
];

anyBackend('the tables of quiz', (fresh) => {
  it('refuse what must not be', async () => {
    const db = await fresh({ packs: [quiz] });
    await seed(db, { players: 50, seed: 'tables', at: MONDAY });
    for (const { type } of quiz.jobs) await runJob(db, type, MONDAY);
    const before = await contents(db);
    for (const [name, rows] of Object.entries(before)) expect(rows.length, name).toBeGreaterThan(0);
    for (const [what, sql] of REFUSED) {
      await expect(db.query(sql), what).rejects.toThrow(/constraint|is refused/);
    }
    expect(await contents(db)).toEqual(before);
  });
});
