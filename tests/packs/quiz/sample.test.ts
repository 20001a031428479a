import { expect, it } from 'vitest';
import { quiz, seed } from '../../../src/packs/quiz/index.ts';
import { testHumdrum } from '../../../src/testing/index.ts';
import { anyBackend } from '../../support/databases.ts';
import { addPlayers, contents, emptyAll, MONDAY, valuesOf } from './support.ts';

anyBackend('the sample data of quiz', (fresh) => {
  it('fills an empty pack once, as of now, with something for every job to do', async () => {
    const database = await fresh({ packs: [quiz] });
    const humdrum = await testHumdrum({ database, packs: [quiz], now: MONDAY });
    expect(await quiz.loadSample(database)).toBe(
      '1,000 quiz players, 500 sessions, 3,000 XP events',
    );
    const before = await contents(database);
    expect(await quiz.loadSample(database)).toBeNull();
    expect(await contents(database)).toEqual(before);
    // As `humdrum start` does: each job once, without an input.
    await humdrum.enqueueMany(quiz.jobs.map((type) => ({ type })));
    const { ran } = await humdrum.drain();
    expect(ran).toHaveLength(quiz.jobs.length);
    for (const { type, result } of ran) {
      expect(JSON.stringify(result), type).not.toMatch(/"errorCount":[1-9]/);
      // The reset has made weekly and monthly boards already.
      expect((result as { affected: number }).affected, type).toBeGreaterThan(0);
    }
    await humdrum.close();
  });

  it('leaves a pack alone that has a player', async () => {
    const db = await fresh({ packs: [quiz] });
    await addPlayers(db, 'ada');
    expect(await quiz.loadSample(db)).toBeNull();
    expect(await valuesOf(db, 'select count(*)::int from quiz.player_progress')).toEqual([1]);
  });

  it('is the same for the same seed, and another for another', async () => {
    const db = await fresh({ packs: [quiz] });
    const made = async (text: string): Promise<unknown> => {
      await emptyAll(db);
      expect(await seed(db, { players: 200, seed: text, at: MONDAY })).toEqual({
        players: 200,
        sessions: 100,
        xpEvents: 600,
      });
      return contents(db);
    };
    const first = await made('one');
    expect(await made('one')).toEqual(first);
    expect(await made('two')).not.toEqual(first);
  });

  it('has ties of points, and XP that adds up', async () => {
    const db = await fresh({ packs: [quiz] });
    await seed(db, { players: 1_000, seed: 'ties', at: MONDAY });
    expect(
      await valuesOf(
        db,
        `select count(*)::int from quiz.player_progress
         join (select user_id, sum(xp) as earned, max(at) as at from quiz.xp_event group by user_id) as events using (user_id)
         where xp >= earned and xp_at = at`,
      ),
    ).toEqual([1_000]);
    const [distinct] = await valuesOf(
      db,
      'select count(distinct xp)::int from quiz.player_progress',
    );
    expect(distinct).toBeLessThan(950);
  });

  it('refuses a size that it cannot be', async () => {
    const db = await fresh({ packs: [quiz] });
    for (const players of [0, 1.5, 1_000_001]) {
      await expect(seed(db, { players, seed: 'x', at: MONDAY })).rejects.toMatchObject({
        code: 'input-invalid',
      });
    }
  });
});
