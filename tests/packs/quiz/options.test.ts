import { describe, expect, it } from 'vitest';
import { createHumdrum } from '../../../src/index.ts';
import {
  defineQuiz,
  quiz,
  type LeaderboardType,
  type QuizOptions,
} from '../../../src/packs/quiz/index.ts';
import { anyBackend } from '../../support/databases.ts';
import { addPlayers, MONDAY, runJob } from './support.ts';

describe('defineQuiz', () => {
  it('has a job more where there is a Redis, and needs none', () => {
    const names = (pack: typeof quiz): string[] => pack.jobs.map(({ type }) => type);
    const all = names(defineQuiz({ redis: 'redis://127.0.0.1:6379' }));
    expect(all).toEqual([...names(quiz), 'quiz.publish-leaderboards']);
  });

  it('declares how often each job succeeds', () => {
    const minutes = quiz.jobs.map(({ type, health }) => [type, (health.everyMs ?? 0) / 60_000]);
    expect(Object.fromEntries(minutes)).toEqual({
      'quiz.regenerate-lives': 35,
      'quiz.update-streaks': 25 * 60,
      'quiz.expire-sessions': 65,
      'quiz.recalculate-leaderboards': 65,
      'quiz.reset-weekly-leaderboard': 169 * 60,
      'quiz.reset-monthly-leaderboard': 745 * 60,
    });
  });

  it.each([
    [{ redis: 'localhost:6379' }, 'redis must be a URL that starts with redis://'],
    [{ redis: 'http://localhost' }, 'redis must be a URL'],
    [{ redis: '' }, 'redis must be a URL'],
    [{ redisKeyPrefix: 'x:' }, 'redisKeyPrefix needs the option redis'],
    [{ redis: 'redis://localhost', redisKeyPrefix: 'a b' }, 'redisKeyPrefix must have'],
    [{ redis: 'redis://localhost', redisKeyPrefix: '{x}' }, 'redisKeyPrefix must have'],
    [{ reddis: 'redis://localhost' }, 'unknown option "reddis"'],
  ])('refuses %j', (options, message) => {
    expect(() => defineQuiz(options as QuizOptions)).toThrow(
      expect.objectContaining({
        code: 'config-invalid',
        message: expect.stringContaining(message) as string,
      }) as Error,
    );
  });
});

anyBackend('a leaderboard', (fresh) => {
  it('refuses what cannot be meant', async () => {
    const board = quiz.openLeaderboard(await fresh({ packs: [quiz] }));
    const refused = [
      board.top('daily' as LeaderboardType, 3),
      board.top('global', 0),
      board.top('global', 1.5),
      board.top('global', 1_001),
      board.placeOf('global', ''),
      board.neighboursOf('global', 'ada', 0),
      board.neighboursOf('global', 'ada', 501),
    ];
    for (const one of refused) await expect(one).rejects.toMatchObject({ code: 'input-invalid' });
  });

  it('is empty before it is made', async () => {
    const board = quiz.openLeaderboard(await fresh({ packs: [quiz] }));
    expect(await board.top('global', 3)).toEqual([]);
    expect(await board.placeOf('global', 'ada')).toBeNull();
    expect(await board.neighboursOf('global', 'ada', 2)).toEqual([]);
  });

  it('has neighbours up to its ends', async () => {
    const db = await fresh({ packs: [quiz] });
    for (const [at, id] of ['e', 'd', 'c', 'b', 'a'].entries())
      await addPlayers(db, { id, xp: at + 1 });
    await runJob(db, 'quiz.recalculate-leaderboards', MONDAY);
    const board = quiz.openLeaderboard(db);
    const around = async (id: string, reach: number): Promise<string> =>
      (await board.neighboursOf('global', id, reach)).map(({ userId }) => userId).join('');
    expect(await around('a', 1)).toBe('ab');
    expect(await around('c', 1)).toBe('bcd');
    expect(await around('c', 500)).toBe('abcde');
    expect(await around('e', 2)).toBe('cde');
  });

  it('takes limits of the same name from the options', async () => {
    const database = await fresh({ packs: [quiz] });
    const limits = { 'quiz.leaderboards': { concurrency: 0 } };
    const humdrum = await createHumdrum({ database, packs: [quiz], limits });
    await expect(humdrum.run('quiz.recalculate-leaderboards')).rejects.toMatchObject({
      code: 'limit-reached',
    });
  });
});
