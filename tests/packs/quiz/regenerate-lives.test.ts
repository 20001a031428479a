import { expect, it } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { quiz } from '../../../src/packs/quiz/index.ts';
import { testHumdrum } from '../../../src/testing/index.ts';
import { anyBackend } from '../../support/databases.ts';
import { addLives, runJob } from './support.ts';

const TYPE = 'quiz.regenerate-lives';
const at = (time: string): Date => new Date(`2025-03-26T${time}:00Z`);

async function livesOf(db: Database, id: string): Promise<unknown> {
  const { rows } = await db.query(
    `select current_lives as lives, last_regen_at as last, next_regen_at as next from quiz.lives where user_id = $1`,
    [id],
  );
  return rows[0];
}

anyBackend('quiz.regenerate-lives', (fresh) => {
  it('makes four lives five, and then waits for no more', async () => {
    const db = await fresh({ packs: [quiz] });
    await addLives(db, 'ada', 4, at('12:00'));
    const { result } = await runJob(db, TYPE, at('12:00'));
    expect(result).toEqual({
      message: 'Gave 1 life.',
      affected: 1,
      details: { errors: [], errorCount: 0 },
    });
    expect(await livesOf(db, 'ada')).toEqual({ lives: 5, last: at('12:00'), next: null });
  });

  it('gives nothing to who has five, and nothing before the time', async () => {
    const db = await fresh({ packs: [quiz] });
    await addLives(db, 'ada', 5, null);
    await addLives(db, 'bob', 0, '2025-03-26T12:00:00.001Z');
    const { result } = await runJob(db, TYPE, at('12:00'));
    expect(result.affected).toBe(0);
    expect(await livesOf(db, 'ada')).toEqual({ lives: 5, last: null, next: null });
    expect(await livesOf(db, 'bob')).toMatchObject({ lives: 0 });
  });

  it('gives one life a tick, however long it has been due', async () => {
    const db = await fresh({ packs: [quiz] });
    await addLives(db, 'ada', 1, at('02:00'));
    await runJob(db, TYPE, at('12:00'));
    expect(await livesOf(db, 'ada')).toEqual({ lives: 2, last: at('12:00'), next: at('12:30') });
  });

  it('gives all lives that were due in an outage of three hours', async () => {
    const database = await fresh({ packs: [quiz] });
    const humdrum = await testHumdrum({ database, packs: [quiz], now: at('12:01') });
    await addLives(database, 'ada', 0, at('12:30'));
    await addLives(database, 'bob', 1, at('14:10'));
    await humdrum.clock.moveTo(at('15:10'));
    const { ran } = await humdrum.drain();
    expect(ran.filter(({ type }) => type === TYPE)).toHaveLength(6);
    expect(await livesOf(database, 'ada')).toEqual({ lives: 5, last: at('14:30'), next: null });
    // Due at 14:10: at the ticks of 14:30 and 15:00.
    expect(await livesOf(database, 'bob')).toEqual({
      lives: 3,
      last: at('15:00'),
      next: at('15:30'),
    });
    await humdrum.close();
  });

  it('does not drift when a tick is late by twenty minutes', async () => {
    const database = await fresh({ packs: [quiz] });
    const humdrum = await testHumdrum({ database, packs: [quiz], now: at('12:01') });
    await addLives(database, 'ada', 1, at('12:30'));
    await humdrum.clock.moveTo(at('12:50'));
    await humdrum.drain();
    expect(await livesOf(database, 'ada')).toEqual({
      lives: 2,
      last: at('12:30'),
      next: at('13:00'),
    });
    await humdrum.runTick(TYPE, at('13:00'));
    expect(await livesOf(database, 'ada')).toEqual({
      lives: 3,
      last: at('13:00'),
      next: at('13:30'),
    });
    await humdrum.close();
  });

  it('gives one life where two runs of one tick meet', async () => {
    const db = await fresh({ packs: [quiz] });
    await addLives(db, 'ada', 0, at('12:00'));
    const runs = await Promise.all([runJob(db, TYPE, at('12:00')), runJob(db, TYPE, at('12:00'))]);
    expect(new Set(runs.map(({ result }) => result.affected))).toEqual(new Set([0, 1]));
    expect(await livesOf(db, 'ada')).toMatchObject({ lives: 1 });
  });
});
