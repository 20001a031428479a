import { expect, it } from 'vitest';
import { arcade, finishGame, payForGame } from '../../../src/packs/arcade/index.ts';
import { anyBackend } from '../../support/databases.ts';
import { finalize, hash, play, player, pool, pools } from './support.ts';

anyBackend('prize pools from period to period', (fresh) => {
  it('rolls a pool that nobody won into the next period, whose winner gets both', async () => {
    const db = await fresh({ packs: [arcade] });
    const paid = { game: 'snake', playerAddress: player(1), amountMicroUsdc: 400_000 } as const;
    const at = new Date('2026-01-26T10:00:00Z');
    await payForGame(db, { ...paid, sessionId: 'never-ended', paymentTx: hash('x'), at });
    const { result, events, log } = await finalize(db);
    expect(result.details).toMatchObject({ finalized: 0, rolledOver: 1 });
    expect(log).toContain(
      'Nobody won daily pool (snake, 2026-01-26): its 0.14 USDC go to 2026-01-27',
    );
    expect(events).toEqual([
      {
        name: 'arcade.prize-pool-rolled-over',
        data: {
          game: 'snake',
          period: 'daily',
          periodDate: '2026-01-26',
          microUsdc: 140_000,
          into: '2026-01-27',
        },
      },
    ]);
    expect(await pool(db, 'snake', 'daily', '2026-01-26')).toMatchObject({
      status: 'finalized',
      winner: null,
      total: 0,
      rolledOut: 140_000,
    });
    await play(db, '2026-01-27T10:00:00Z', { by: 2 });
    await finalize(db, '2026-01-28T00:00:00Z');
    expect(await pool(db, 'snake', 'daily', '2026-01-27')).toMatchObject({
      winner: player(2),
      total: 280_000,
      rolledIn: 140_000,
      games: 1,
    });
    await finalize(db, '2026-01-28T00:00:00Z');
    expect((await pools(db)).filter(({ period }) => period === 'daily')).toHaveLength(2);
  });

  it('after an outage finalizes every period that has ended, and rolls on day by day up to today', async () => {
    const db = await fresh({ packs: [arcade] });
    await play(db, '2026-01-05T10:00:00Z', { by: 1 });
    await play(db, '2026-01-08T10:00:00Z', { by: 2 });
    // Paid on the 20th and never played: nobody wins the 20th, the week of the 19th, and what comes after.
    await payForGame(db, {
      sessionId: 'never-ended',
      game: 'snake',
      playerAddress: player(1),
      paymentTx: hash('y'),
      amountMicroUsdc: 400_000,
      at: new Date('2026-01-20T10:00:00Z'),
    });
    // A Wednesday: the Monday that weeks are finalized on was slept through.
    await finalize(db, '2026-01-28T00:00:00Z');
    const all = await pools(db);
    expect(
      all
        .filter(({ winner }) => winner !== null)
        .map(({ period, date, winner }) => [period, date, winner]),
    ).toEqual([
      ['daily', '2026-01-05', player(1)],
      ['daily', '2026-01-08', player(2)],
      ['weekly', '2026-01-05', player(1)],
    ]);
    expect(
      all
        .filter(({ status }) => status === 'active')
        .map(({ period, date, total }) => [period, date, total]),
    ).toEqual([
      ['daily', '2026-01-28', 140_000],
      ['weekly', '2026-01-26', 140_000],
    ]);
  });

  it('never finalizes what has not ended in UTC, wherever midnight is', async () => {
    const db = await fresh({ packs: [arcade] });
    await play(db, '2026-01-25T23:00:00Z', { by: 1 });
    await play(db, '2026-01-26T01:00:00Z', { by: 2 });
    // Midnight of Tuesday in Tokyo, and of Monday in New York.
    await finalize(db, '2026-01-26T15:00:00Z');
    await finalize(db, '2026-01-26T05:00:00Z');
    const ended = (await pools(db)).filter(({ status }) => status !== 'active');
    expect(ended.map(({ period, date }) => [period, date])).toEqual([
      ['daily', '2026-01-25'],
      ['weekly', '2026-01-19'],
    ]);
  });

  it('lets a score that comes after the end count in the next period', async () => {
    const db = await fresh({ packs: [arcade] });
    await play(db, '2026-01-26T10:00:00Z', { by: 1, score: 5 });
    await payForGame(db, {
      sessionId: 'late',
      game: 'snake',
      playerAddress: player(2),
      paymentTx: hash('late'),
      amountMicroUsdc: 400_000,
      at: new Date('2026-01-26T23:59:58Z'),
    });
    await finalize(db);
    await finishGame(db, { sessionId: 'late', score: 900, at: new Date('2026-01-26T23:59:59Z') });
    const tops = await db.query(
      `select period, period_date::text as date from arcade.leaderboard_entry where score = 900 order by period`,
    );
    expect(tops.rows).toEqual([
      { period: 'alltime', date: '1970-01-01' },
      { period: 'daily', date: '2026-01-27' },
      { period: 'weekly', date: '2026-01-26' },
    ]);
    // So does money that comes too late.
    await play(db, '2026-01-27T00:00:01Z', { by: 3, paidAt: '2026-01-26T23:59:59Z' });
    expect(await pool(db, 'snake', 'daily', '2026-01-27')).toMatchObject({ total: 140_000 });
    expect(await pool(db, 'snake', 'weekly', '2026-01-26')).toMatchObject({ total: 420_000 });
  });

  it('knows the week that the turn of the year is in', async () => {
    const db = await fresh({ packs: [arcade] });
    // 2026-01-01 is a Thursday: its week is named by Monday, 2025-12-29.
    await play(db, '2025-12-31T23:59:59.999Z', { by: 1, score: 70 });
    await play(db, '2026-01-01T00:00:00Z', { by: 2, score: 80 });
    await finalize(db, '2026-01-01T00:00:00Z');
    expect(await pool(db, 'snake', 'daily', '2025-12-31')).toMatchObject({ winner: player(1) });
    await finalize(db, '2026-01-05T00:00:00Z');
    expect(await pool(db, 'snake', 'weekly', '2025-12-29')).toMatchObject({
      winner: player(2),
      games: 2,
    });
  });
});
