import { expect, it } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { quiz, type UpdateStreaksResult } from '../../../src/packs/quiz/index.ts';
import { testHumdrum } from '../../../src/testing/index.ts';
import { anyBackend } from '../../support/databases.ts';
import { addPlayers, after, hours, minutes, runJob } from './support.ts';

const TYPE = 'quiz.update-streaks';
const MIDNIGHT = new Date('2025-03-27T00:00:00Z');
const ago = (ms: number): Date => after(MIDNIGHT, -ms);
const run = (db: Database, at = MIDNIGHT) => runJob<UpdateStreaksResult>(db, TYPE, at);

async function streakOf(db: Database, id: string): Promise<unknown> {
  const { rows } = await db.query(
    `select current_streak as streak, longest_streak as longest, protections_remaining as protections
     from quiz.player_progress where user_id = $1`,
    [id],
  );
  return rows[0];
}

anyBackend('quiz.update-streaks', (fresh) => {
  it('keeps a streak at exactly 48 hours, and breaks it a moment later', async () => {
    const db = await fresh({ packs: [quiz] });
    await addPlayers(db, { id: 'ada', streak: 7, lastQuizAt: ago(hours(48)) });
    await addPlayers(db, { id: 'bob', streak: 9, lastQuizAt: ago(hours(48) + 1) });
    const { result, events } = await run(db);
    expect(result.details).toMatchObject({ protected: 0, broken: 1, left: 0 });
    expect(await streakOf(db, 'ada')).toMatchObject({ streak: 7 });
    expect(await streakOf(db, 'bob')).toEqual({ streak: 0, longest: 9, protections: 0 });
    // The streak before the break: the source tells of the one after it, which is always 0.
    expect(events).toEqual([
      { name: 'quiz.streak-broken', data: { userId: 'bob', previousStreak: 9 } },
    ]);
  });

  it('uses a protection for each missed day, and then breaks', async () => {
    const database = await fresh({ packs: [quiz] });
    const humdrum = await testHumdrum({ database, packs: [quiz], now: ago(minutes(1)) });
    await addPlayers(database, {
      id: 'ada',
      streak: 5,
      lastQuizAt: ago(hours(50)),
      protections: 2,
    });
    const seen: unknown[] = [];
    for (let day = 0; day < 4; day += 1) {
      await humdrum.runTick(TYPE);
      seen.push(await streakOf(database, 'ada'));
    }
    expect(seen).toEqual([
      { streak: 5, longest: 5, protections: 1 },
      { streak: 5, longest: 5, protections: 0 },
      { streak: 0, longest: 5, protections: 0 },
      { streak: 0, longest: 5, protections: 0 },
    ]);
    await humdrum.assertEmitted({ name: 'quiz.streak-broken', count: 1 });
    await humdrum.close();
  });

  it('uses one protection for a day, however often it runs on it', async () => {
    const db = await fresh({ packs: [quiz] });
    await addPlayers(db, { id: 'ada', streak: 5, lastQuizAt: ago(hours(50)), protections: 1 });
    await run(db);
    const { result, events } = await run(db);
    expect(result.affected).toBe(0);
    // The last protection covers the rest of the day: nothing breaks before the next one.
    await run(db, after(MIDNIGHT, hours(15)));
    expect(events).toEqual([]);
    expect(await streakOf(db, 'ada')).toEqual({ streak: 5, longest: 5, protections: 0 });
  });

  it('uses one protection where two jobs of one tick wait', async () => {
    const database = await fresh({ packs: [quiz] });
    const humdrum = await testHumdrum({ database, packs: [quiz], now: after(MIDNIGHT, 1) });
    await addPlayers(database, {
      id: 'ada',
      streak: 5,
      lastQuizAt: ago(hours(50)),
      protections: 2,
    });
    for (let job = 0; job < 2; job += 1) await humdrum.enqueue(TYPE, {}, { runAt: MIDNIGHT });
    const { ran } = await humdrum.drain();
    expect(ran.map(({ result }) => (result as { affected: number }).affected)).toEqual([1, 0]);
    expect(await streakOf(database, 'ada')).toMatchObject({ protections: 1 });
    await humdrum.close();
  });

  it('lets each missed midnight cost a protection after an outage', async () => {
    const database = await fresh({ packs: [quiz] });
    const humdrum = await testHumdrum({ database, packs: [quiz], now: ago(minutes(1)) });
    await addPlayers(database, {
      id: 'ada',
      streak: 5,
      lastQuizAt: ago(hours(50)),
      protections: 2,
    });
    await humdrum.clock.advance({ hours: 60 });
    const { ran } = await humdrum.drain();
    expect(ran.filter(({ type }) => type === TYPE)).toHaveLength(3);
    expect(await streakOf(database, 'ada')).toEqual({ streak: 0, longest: 5, protections: 0 });
    await humdrum.close();
  });

  it('leaves alone who has played since the tick, and who has no streak', async () => {
    const db = await fresh({ packs: [quiz] });
    await addPlayers(db, { id: 'ada', streak: 5, lastQuizAt: after(MIDNIGHT, hours(1)) });
    await addPlayers(db, { id: 'bob', streak: 0, lastQuizAt: ago(hours(500)) }, 'cleo');
    const { result } = await run(db);
    expect(result).toMatchObject({ message: 'Broke 0 streaks, protected 0.', affected: 0 });
  });

  it('takes a bounded number of players, and a further job goes on at the same logical time', async () => {
    const database = await fresh({ packs: [quiz] });
    const humdrum = await testHumdrum({ database, packs: [quiz], now: after(MIDNIGHT, hours(1)) });
    const ids = ['a', 'b', 'c', 'd', 'e'];
    for (const id of ids) await addPlayers(database, { id, streak: 3, lastQuizAt: ago(hours(60)) });
    const { result } = await humdrum.performJob(TYPE, { limit: 2 }, { now: MIDNIGHT });
    expect(result).toMatchObject({
      message: 'Broke 2 streaks, protected 0. Another job continues with 3 players.',
      affected: 2,
      details: { left: 3 },
    });
    await humdrum.assertEnqueued({ type: TYPE, input: { limit: 2, after: 'b' }, runAt: MIDNIGHT });
    await humdrum.drain();
    const told = await humdrum.emitted({ name: 'quiz.streak-broken' });
    expect(told.map(({ data }) => (data as { userId: string }).userId)).toEqual(ids);
    await humdrum.close();
  });

  it('finishes a day with what it left over before the next missed one begins', async () => {
    const database = await fresh({ packs: [quiz] });
    const humdrum = await testHumdrum({ database, packs: [quiz], now: ago(minutes(1)) });
    for (const id of ['a', 'b', 'c']) {
      await addPlayers(database, { id, streak: 3, lastQuizAt: ago(hours(60)), protections: 2 });
    }
    await humdrum.enqueue(TYPE, { limit: 1 }, { runAt: MIDNIGHT });
    await humdrum.clock.advance({ hours: 25 });
    await humdrum.drain();
    for (const id of ['a', 'b', 'c']) {
      expect(await streakOf(database, id)).toMatchObject({ streak: 3, protections: 0 });
    }
    await humdrum.close();
  });
});
