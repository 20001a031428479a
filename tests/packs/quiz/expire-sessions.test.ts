import { expect, it } from 'vitest';
import { quiz, type ExpireSessionsResult } from '../../../src/packs/quiz/index.ts';
import { testHumdrum } from '../../../src/testing/index.ts';
import { anyBackend } from '../../support/databases.ts';
import { addPlayers, addSession, after, contents, runJob, valuesOf } from './support.ts';

const TYPE = 'quiz.expire-sessions';
const NOON = new Date('2025-03-26T12:00:00Z');
const STATES = `select id || ' ' || status from quiz.quiz_session order by id`;

anyBackend('quiz.expire-sessions', (fresh) => {
  it('ends a session at the instant at which it expires, and not before', async () => {
    const db = await fresh({ packs: [quiz] });
    await addPlayers(db, 'ada', 'bob');
    await addSession(db, { id: 's1', user: 'ada', expiresAt: NOON });
    await addSession(db, { id: 's2', user: 'bob', expiresAt: after(NOON, 1) });
    const { result, events } = await runJob<ExpireSessionsResult>(db, TYPE, NOON);
    expect(result).toEqual({
      message: 'Expired 1 session.',
      affected: 1,
      details: { left: 0, errors: [], errorCount: 0 },
    });
    expect(events).toEqual([{ name: 'quiz.abandoned', data: { userId: 'ada', sessionId: 's1' } }]);
    expect(await valuesOf(db, STATES)).toEqual(['s1 expired', 's2 active']);
    expect(
      await valuesOf(db, `select completed_at from quiz.quiz_session where id = 's1'`),
    ).toEqual([NOON]);
  });

  it('leaves sessions that have ended as they are', async () => {
    const db = await fresh({ packs: [quiz] });
    await addPlayers(db, 'ada');
    for (const id of ['s1', 's2']) await addSession(db, { id, user: 'ada', expiresAt: NOON });
    await db.query(
      `update quiz.quiz_session set status = 'completed', completed_at = started_at where id = 's1'`,
    );
    await runJob(db, TYPE, NOON);
    const before = await contents(db);
    const { result, events } = await runJob(db, TYPE, after(NOON, 3_600_000));
    expect(result.affected).toBe(0);
    expect(events).toEqual([]);
    expect(await contents(db)).toEqual(before);
    expect(await valuesOf(db, STATES)).toEqual(['s1 completed', 's2 expired']);
  });

  it('takes a bounded number of sessions, and goes on behind those that it cannot change', async () => {
    const database = await fresh({ packs: [quiz] });
    const humdrum = await testHumdrum({ database, packs: [quiz], now: NOON });
    await addPlayers(database, 'ada');
    for (const id of ['s1', 's2', 's3', 's4', 's5']) {
      await addSession(database, { id, user: 'ada', expiresAt: NOON });
    }
    await database.query(
      `alter table quiz.quiz_session add constraint poison check (id > 's2' or status = 'active')`,
    );
    const { result } = await humdrum.performJob(TYPE, { limit: 2 }, { now: NOON });
    expect(result).toMatchObject({ affected: 0, details: { left: 3, errorCount: 2 } });
    await humdrum.drain();
    expect(await valuesOf(database, STATES)).toEqual([
      's1 active',
      's2 active',
      's3 expired',
      's4 expired',
      's5 expired',
    ]);
    await humdrum.close();
  });
});
