import { expect, it } from 'vitest';
import { createHumdrum } from '../../../src/index.ts';
import { arcade, fillSample, recordPayout } from '../../../src/packs/arcade/index.ts';
import { anyBackend } from '../../support/databases.ts';
import {
  contents,
  finalize,
  fingerprint,
  hash,
  MONDAY,
  play,
  player,
  poison,
  pool,
  TUESDAY,
} from './support.ts';

const counts = { finalized: 0, rolledOver: 0, missing: 0, unchanged: 0 };

anyBackend('arcade.finalize-prize-pools', (fresh) => {
  it('gives each pool of yesterday to the top score, and says so as the source does', async () => {
    const db = await fresh({ packs: [arcade] });
    await play(db, '2026-01-26T10:00:00Z', { by: 0x1234_5678, score: 50 });
    await play(db, '2026-01-26T11:00:00Z', { by: 2, score: 40, fee: 1_000_000 });
    await play(db, '2026-01-26T12:00:00Z', { game: 'tetris', by: 3, score: 0 });
    const { result, events, log } = await finalize(db);
    expect(result).toEqual({
      message:
        'Pools processed: 5. Pools finalized: 2. Errors: 0.' +
        ' snake daily 2026-01-26: Winner: 0x0000...5678 - Prize: 0.49 USDC.' +
        ' tetris daily 2026-01-26: Winner: 0x0000...0003 - Prize: 0.14 USDC.',
      affected: 2,
      details: {
        processed: 5,
        ...counts,
        finalized: 2,
        missing: 3,
        prizesMicroUsdc: 630_000,
        errors: [],
        errorCount: 0,
      },
    });
    expect(log).toEqual([
      'Prize pools of the days and weeks that had ended by 2026-01-27, 00:00 UTC',
      'Finalized daily pool (snake, 2026-01-26). Winner: 0x0000...5678 - Prize: 0.49 USDC',
      'Finalized daily pool (tetris, 2026-01-26). Winner: 0x0000...0003 - Prize: 0.14 USDC',
      'No games played: no daily pool (pong, 2026-01-26)',
      'No games played: no daily pool (breakout, 2026-01-26)',
      'No games played: no daily pool (space_invaders, 2026-01-26)',
      result.message,
    ]);
    expect(events[0]).toEqual({
      name: 'arcade.prize-pool-finalized',
      data: {
        game: 'snake',
        period: 'daily',
        periodDate: '2026-01-26',
        winnerAddress: player(0x1234_5678),
        prizeMicroUsdc: 490_000,
      },
    });
    expect(await pool(db, 'snake', 'daily', '2026-01-26')).toMatchObject({
      status: 'finalized',
      winner: player(0x1234_5678),
      total: 490_000,
      games: 2,
    });
    const stamped = await db.query('select distinct finalized_at from arcade.prize_pool');
    expect(stamped.rows).toContainEqual({ finalized_at: TUESDAY });
  });

  it('takes space_invaders by exactly this name', async () => {
    const db = await fresh({ packs: [arcade] });
    await play(db, '2026-01-26T10:00:00Z', { game: 'space_invaders', by: 7 });
    const { result } = await finalize(db);
    expect(result.message).toContain(' space_invaders daily 2026-01-26: Winner: 0x0000...0007');
    for (const name of ['space-invaders', 'SPACE_INVADERS', 'spaceinvaders', 'space invaders']) {
      await expect(play(db, '2026-01-26T10:00:00Z', { game: name as never })).rejects.toMatchObject(
        {
          code: 'input-invalid',
        },
      );
    }
  });

  it('breaks a tie by the earliest entry, and then by the session id', async () => {
    const db = await fresh({ packs: [arcade] });
    await play(db, '2026-01-26T10:00:01Z', { by: 1, id: 'a' });
    await play(db, '2026-01-26T10:00:00Z', { by: 2, id: 'b' });
    await play(db, '2026-01-26T10:00:00Z', { by: 3, id: 'c' });
    await play(db, '2026-01-26T10:00:00Z', { game: 'pong', by: 4, id: 'z' });
    await play(db, '2026-01-26T10:00:00Z', { game: 'pong', by: 5, id: 'Z' });
    await finalize(db);
    expect(await pool(db, 'snake', 'daily', '2026-01-26')).toMatchObject({ winner: player(2) });
    // By bytes, on every server: capital letters come first.
    expect(await pool(db, 'pong', 'daily', '2026-01-26')).toMatchObject({ winner: player(5) });
  });

  it('asks the board of the pool’s own period: all-time and other days do not win', async () => {
    const db = await fresh({ packs: [arcade] });
    await play(db, '2026-01-25T10:00:00Z', { by: 1, score: 9_000 });
    await play(db, '2026-01-26T10:00:00Z', { by: 2, score: 10 });
    await play(db, '2026-01-27T00:00:00Z', { by: 3, score: 500 });
    await finalize(db);
    expect(await pool(db, 'snake', 'daily', '2026-01-26')).toMatchObject({ winner: player(2) });
    expect(await pool(db, 'snake', 'daily', '2026-01-27')).toMatchObject({ status: 'active' });
  });

  it('finalizes last week too on a Monday, and no week on other days', async () => {
    const db = await fresh({ packs: [arcade] });
    await play(db, '2026-01-19T00:00:00Z', { by: 1, score: 70 });
    await play(db, '2026-01-25T23:59:59Z', { by: 2, score: 60 });
    const sunday = await finalize(db, '2026-01-25T00:00:00Z');
    expect(sunday.result.details).toMatchObject({ processed: 6, finalized: 1 });
    expect(await pool(db, 'snake', 'weekly', '2026-01-19')).toMatchObject({ status: 'active' });
    const monday = await finalize(db, MONDAY);
    expect(monday.result.details).toMatchObject({ processed: 10, finalized: 2, missing: 8 });
    expect(await pool(db, 'snake', 'weekly', '2026-01-19')).toMatchObject({
      status: 'finalized',
      winner: player(1),
      total: 280_000,
    });
  });

  it('leaves what is finalized or paid as it is, and reads no winner for it again', async () => {
    const db = await fresh({ packs: [arcade] });
    await play(db, '2026-01-26T10:00:00Z', { by: 1, score: 5 });
    await play(db, '2026-01-26T10:00:00Z', { game: 'pong', by: 2, score: 5 });
    await finalize(db);
    const paid = {
      game: 'pong',
      period: 'daily',
      periodDate: '2026-01-26',
      payoutTx: hash(99),
    } as const;
    expect(await recordPayout(db, paid)).toEqual({ recorded: true });
    // A better score that somebody enters by hand.
    await db.query(
      `update arcade.leaderboard_entry set player_address = $1, score = 999 where period = 'daily'`,
      [player(9)],
    );
    const before = await contents(db);
    const { result, events } = await finalize(db);
    expect(result).toMatchObject({
      affected: 0,
      details: { finalized: 0, unchanged: 2, missing: 3 },
    });
    expect(events).toEqual([]);
    expect(await contents(db)).toEqual(before);
  });

  it('goes on with the other four when one game fails, and reports it', async () => {
    const db = await fresh({ packs: [arcade] });
    const games = ['snake', 'tetris', 'pong', 'breakout', 'space_invaders'] as const;
    for (const game of games) await play(db, '2026-01-26T10:00:00Z', { game });
    await poison(db, 'prize_pool', `old.game_type = 'pong'`);
    const { result, events, log } = await finalize(db);
    const failed = { game: 'pong', period: 'daily', periodDate: '2026-01-26', error: 'poisoned' };
    expect(result.details).toMatchObject({
      processed: 5,
      finalized: 4,
      errors: [failed],
      errorCount: 1,
    });
    expect(result.message).toContain('Pools finalized: 4. Errors: 1.');
    expect(events.at(-1)).toEqual({ name: 'arcade.prize-pool-failed', data: failed });
    expect(log).toContain('Left as it was: pong daily 2026-01-26: poisoned');
    expect(await pool(db, 'pong', 'daily', '2026-01-26')).toMatchObject({ status: 'active' });
    await db.query('drop trigger poisoned on arcade.prize_pool');
    expect((await finalize(db)).result.details).toMatchObject({
      finalized: 1,
      unchanged: 4,
      errorCount: 0,
    });
  });

  it('pays once when it runs twice at the same time', async () => {
    const db = await fresh({ packs: [arcade] });
    await play(db, '2026-01-26T10:00:00Z');
    const runs = await Promise.all([finalize(db), finalize(db)]);
    expect(new Set(runs.map(({ result }) => result.affected))).toEqual(new Set([0, 1]));
    expect(runs.flatMap(({ events }) => events)).toHaveLength(1);
  });

  it('is foretold by its rehearsal, and changes nothing the second time on one tick', async () => {
    const db = await fresh({ packs: [arcade] });
    await fillSample(db, { games: 40 });
    const humdrum = await createHumdrum({ database: db, packs: [arcade] });
    const before = await fingerprint(db);
    const plan = await humdrum.rehearse('arcade.finalize-prize-pools', {}, MONDAY);
    expect(plan.error).toBeNull();
    expect(await fingerprint(db)).toEqual(before);
    const { plan: real, result } = await finalize(db, MONDAY);
    expect(real?.hash).toBe(plan.hash);
    expect(result.affected).toBeGreaterThan(60);
    const after = await fingerprint(db);
    const again = await finalize(db, MONDAY);
    expect(again.result).toMatchObject({ affected: 0, details: { errorCount: 0 } });
    expect(again.plan?.tables).toEqual([]);
    expect(await fingerprint(db)).toEqual(after);
  });
});
