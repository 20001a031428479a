import { expect, it } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import {
  quiz,
  type RecalculateLeaderboardsResult,
  type ResetLeaderboardResult,
} from '../../../src/packs/quiz/index.ts';
import { testHumdrum } from '../../../src/testing/index.ts';
import { anyBackend } from '../../support/databases.ts';
import {
  addPlayers,
  after,
  archiveOf,
  boardOf,
  contents,
  earn,
  hours,
  MONDAY,
  runJob,
  valuesOf,
} from './support.ts';

const RECALCULATE = 'quiz.recalculate-leaderboards';
const RESET_WEEK = 'quiz.reset-weekly-leaderboard';
const RESET_MONTH = 'quiz.reset-monthly-leaderboard';
const LAST_WEEK = '2025-03-17T00:00:00Z';

const recalculate = (db: Database, at: Date) =>
  runJob<RecalculateLeaderboardsResult>(db, RECALCULATE, at);
const resetWeek = (db: Database, at: Date) => runJob<ResetLeaderboardResult>(db, RESET_WEEK, at);

/** Ada earned in the week before, bob in the last hour of it, cleo in the new one. */
async function threePlayers(db: Database): Promise<void> {
  await addPlayers(db, { id: 'ada', xp: 100 }, { id: 'bob', xp: 80 }, { id: 'cleo', xp: 90 });
  await earn(db, 'ada', 30, '2025-03-19T10:00:00Z');
  await earn(db, 'bob', 50, '2025-03-23T23:59:59.999Z');
  await earn(db, 'cleo', 10, '2025-03-24T00:00:00Z');
}

anyBackend('quiz.recalculate-leaderboards', (fresh) => {
  it('places all players by lifetime XP, and by what they earned in the week and in the month', async () => {
    const db = await fresh({ packs: [quiz] });
    await threePlayers(db);
    await earn(db, 'cleo', 5, '2025-02-28T23:59:59.999Z');
    const { result } = await recalculate(db, after(MONDAY, hours(1)));
    expect(result.message).toBe('Placed 3 players: 9 rows changed.');
    expect(await boardOf(db, 'global')).toEqual(['ada 100 #1', 'cleo 90 #2', 'bob 80 #3']);
    expect(await boardOf(db, 'weekly')).toEqual(['cleo 10 #1', 'ada 0 #2', 'bob 0 #3']);
    expect(await boardOf(db, 'monthly')).toEqual(['bob 50 #1', 'ada 30 #2', 'cleo 10 #3']);
  });

  it('breaks ties by the later XP, and then by the id of the player', async () => {
    const db = await fresh({ packs: [quiz] });
    const early = '2025-03-24T00:10:00Z';
    const late = '2025-03-24T00:10:00.001Z';
    await addPlayers(
      db,
      { id: 'zoe', xp: 5, xpAt: late },
      { id: 'bob', xp: 5, xpAt: early },
      { id: 'Zed', xp: 5, xpAt: early },
      'ada',
    );
    for (const [id, at] of [
      ['zoe', late],
      ['bob', early],
      ['Zed', early],
    ] as const) {
      await earn(db, id, 5, at);
    }
    await recalculate(db, after(MONDAY, hours(1)));
    // By bytes, so that capitals come first on every server.
    const expected = ['zoe 5 #1', 'Zed 5 #2', 'bob 5 #3', 'ada 0 #4'];
    for (const type of ['global', 'weekly', 'monthly']) {
      expect(await boardOf(db, type)).toEqual(expected);
    }
  });

  it('takes who is gone off the boards, takes new names, and touches no row that is as it should be', async () => {
    const db = await fresh({ packs: [quiz] });
    await threePlayers(db);
    await recalculate(db, after(MONDAY, hours(1)));
    const nothing = await recalculate(db, after(MONDAY, hours(2)));
    expect(nothing.result).toMatchObject({
      affected: 0,
      details: { boards: { global: { version: 1 } } },
    });
    await db.query(`delete from quiz.player_progress where user_id = 'bob'`);
    await db.query(`update quiz.player_progress set username = 'Ada L.' where user_id = 'ada'`);
    const { result } = await recalculate(db, after(MONDAY, hours(3)));
    expect(result.details.boards.global).toMatchObject({ changed: 2, version: 2, players: 2 });
    expect(
      await valuesOf(db, `select username from quiz.ranking where type = 'global' order by rank`),
    ).toEqual(['Ada L.', 'CLEO']);
  });

  it('leaves alone what a later tick has made', async () => {
    const db = await fresh({ packs: [quiz] });
    await threePlayers(db);
    await recalculate(db, after(MONDAY, hours(2)));
    const before = await contents(db);
    const { result } = await recalculate(db, after(MONDAY, -hours(1)));
    expect(result.details.boards.weekly.superseded).toBe(true);
    expect(await contents(db)).toEqual(before);
  });

  it('leaves a player out whose points cannot be kept exactly, and says so', async () => {
    const db = await fresh({ packs: [quiz] });
    await threePlayers(db);
    await earn(db, 'bob', Number.MAX_SAFE_INTEGER, MONDAY);
    await earn(db, 'bob', 1, MONDAY);
    const { result } = await recalculate(db, after(MONDAY, hours(1)));
    expect(result.details.boards.weekly).toMatchObject({
      errors: [{ id: 'bob', error: expect.stringContaining('largest exact number') as string }],
      errorCount: 1,
    });
    expect(await boardOf(db, 'weekly')).toEqual(['cleo 10 #1', 'ada 0 #2']);
    expect(await boardOf(db, 'global')).toHaveLength(3);
  });
});

anyBackend('the resets of leaderboards', (fresh) => {
  it('archive the ended week to its last moment, set the scores to 0, and keep the players', async () => {
    const db = await fresh({ packs: [quiz] });
    await threePlayers(db);
    await recalculate(db, after(MONDAY, -hours(1)));
    expect(await boardOf(db, 'weekly')).toEqual(['ada 30 #1', 'bob 0 #2', 'cleo 0 #3']);
    const { result, events } = await resetWeek(db, MONDAY);
    expect(result.message).toBe(
      'Archived 2 players from 2025-03-17 to 2025-03-24 and reset the weekly leaderboard.',
    );
    expect(await archiveOf(db, 'weekly', LAST_WEEK)).toEqual(['bob 50 #1', 'ada 30 #2']);
    expect(await boardOf(db, 'weekly')).toEqual(['ada 0 #1', 'bob 0 #2', 'cleo 0 #3']);
    expect(events).toEqual([
      { name: 'quiz.leaderboard-reset', data: { type: 'weekly', at: '2025-03-24T00:00:00.000Z' } },
    ]);
  });

  it('archive a period once', async () => {
    const db = await fresh({ packs: [quiz] });
    await threePlayers(db);
    await resetWeek(db, MONDAY);
    const before = await contents(db);
    const again = await resetWeek(db, MONDAY);
    expect(again.result).toMatchObject({ affected: 0, details: { archive: null } });
    expect(again.events).toEqual([]);
    expect(await contents(db)).toEqual(before);
  });

  it('stand, when the hourly recalculation comes after them', async () => {
    const db = await fresh({ packs: [quiz] });
    await threePlayers(db);
    await recalculate(db, after(MONDAY, -hours(1)));
    await resetWeek(db, MONDAY);
    await recalculate(db, MONDAY);
    expect(await boardOf(db, 'weekly')).toEqual(['ada 0 #1', 'bob 0 #2', 'cleo 0 #3']);
    await recalculate(db, after(MONDAY, hours(1)));
    expect(await boardOf(db, 'weekly')).toEqual(['cleo 10 #1', 'ada 0 #2', 'bob 0 #3']);
    expect(await boardOf(db, 'global')).toHaveLength(3);
    await runJob(db, RESET_MONTH, new Date('2025-04-01T00:00:00Z'));
    await recalculate(db, new Date('2025-04-01T01:00:00Z'));
    expect(await boardOf(db, 'monthly')).toEqual(['ada 0 #1', 'bob 0 #2', 'cleo 0 #3']);
  });

  it('go first at Monday 00:00, on time and after an outage', async () => {
    const database = await fresh({ packs: [quiz] });
    const humdrum = await testHumdrum({ database, packs: [quiz], now: after(MONDAY, -hours(2)) });
    await threePlayers(database);
    const { ran } = await humdrum.runTick(RECALCULATE, MONDAY);
    const types = ran.map(({ type }) => type);
    expect(types).toContain(RESET_WEEK);
    expect(types.indexOf(RESET_WEEK)).toBeLessThan(types.lastIndexOf(RECALCULATE));
    expect(await archiveOf(database, 'weekly', LAST_WEEK)).toEqual(['bob 50 #1', 'ada 30 #2']);
    // Nobody is there from Saturday to Monday, five in the morning.
    await humdrum.clock.moveTo('2025-03-31T05:10:00Z');
    const late = (await humdrum.drain()).ran.map(({ type }) => type);
    expect(late).toContain(RESET_WEEK);
    expect(late.indexOf(RESET_WEEK)).toBeLessThan(late.indexOf(RECALCULATE));
    expect(await archiveOf(database, 'weekly', '2025-03-24T00:00:00Z')).toEqual(['cleo 10 #1']);
    await humdrum.close();
  });

  it('come to the same in either order', async () => {
    const orders = [
      [resetWeek, recalculate],
      [recalculate, resetWeek],
    ];
    const ends: unknown[] = [];
    for (const order of orders) {
      const db = await fresh({ packs: [quiz] });
      await threePlayers(db);
      await recalculate(db, after(MONDAY, -hours(1)));
      for (const run of order) await run(db, MONDAY);
      ends.push(await contents(db));
    }
    expect(ends[1]).toEqual(ends[0]);
  });

  it('leave the running week alone when they come late or by hand', async () => {
    const db = await fresh({ packs: [quiz] });
    await threePlayers(db);
    await recalculate(db, after(MONDAY, hours(5)));
    await resetWeek(db, MONDAY);
    expect(await boardOf(db, 'weekly')).toEqual(['cleo 10 #1', 'ada 0 #2', 'bob 0 #3']);
    expect(await archiveOf(db, 'weekly', LAST_WEEK)).toHaveLength(2);
    await resetWeek(db, after(MONDAY, hours(60)));
    expect(await boardOf(db, 'weekly')).toEqual(['cleo 10 #1', 'ada 0 #2', 'bob 0 #3']);
    expect(await valuesOf(db, 'select count(*)::int from quiz.ranking_archive')).toEqual([1]);
  });

  it('archive each week that ended in an outage', async () => {
    const database = await fresh({ packs: [quiz] });
    const humdrum = await testHumdrum({ database, packs: [quiz], now: after(MONDAY, -hours(1)) });
    await threePlayers(database);
    await earn(database, 'ada', 7, '2025-03-31T00:00:00Z');
    await humdrum.clock.moveTo('2025-04-07T12:00:00Z');
    await humdrum.drain();
    expect(
      await valuesOf(
        database,
        `select period_start from quiz.ranking_archive where type = 'weekly' order by 1`,
      ),
    ).toEqual([LAST_WEEK, MONDAY, '2025-03-31T00:00:00Z'].map((start) => new Date(start)));
    expect(await archiveOf(database, 'weekly', '2025-03-31T00:00:00Z')).toEqual(['ada 7 #1']);
    expect(await archiveOf(database, 'monthly', '2025-03-01T00:00:00Z')).toEqual([
      'bob 50 #1',
      'ada 37 #2',
      'cleo 10 #3',
    ]);
    await humdrum.close();
  });

  // 1st of September 2025: a Monday. 1st of January and of March: the year's end, and a leap day before.
  it.each([
    [
      'a month that ends on a Sunday',
      '2025-09-01T00:00:00Z',
      '2025-08-25T00:00:00Z',
      '2025-08-01T00:00:00Z',
    ],
    ['the end of a year', '2025-01-01T00:00:00Z', '2024-12-23T00:00:00Z', '2024-12-01T00:00:00Z'],
    ['a leap day', '2024-03-01T00:00:00Z', '2024-02-19T00:00:00Z', '2024-02-01T00:00:00Z'],
  ])('find the periods at %s', async (_what, now, week, month) => {
    const db = await fresh({ packs: [quiz] });
    const at = new Date(now);
    await addPlayers(db, 'ada', 'bob');
    await earn(db, 'ada', 1, week);
    await earn(db, 'bob', 2, month);
    await earn(db, 'bob', 4, after(at, -1));
    await resetWeek(db, at);
    await runJob(db, RESET_MONTH, at);
    const inWeek = (await archiveOf(db, 'weekly', week)) as string[];
    expect(inWeek).toContainEqual(expect.stringContaining('ada 1'));
    expect(await archiveOf(db, 'monthly', month)).toEqual(['bob 6 #1', 'ada 1 #2']);
    expect(
      await valuesOf(db, `select period_end from quiz.ranking_archive where type = 'monthly'`),
    ).toEqual([at]);
    expect(await boardOf(db, 'monthly')).toEqual(['ada 0 #1', 'bob 0 #2']);
  });
});
