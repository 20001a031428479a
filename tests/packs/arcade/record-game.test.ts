import { expect, it } from 'vitest';
import { createHumdrum } from '../../../src/index.ts';
import {
  arcade,
  finishGame,
  payForGame,
  recordGame,
  recordPayout,
  topOf,
} from '../../../src/packs/arcade/index.ts';
import { anyBackend } from '../../support/databases.ts';
import { job } from '../../support/engine.ts';
import { contents, hash, play, player, pools, runJob, valuesOf } from './support.ts';

const PAID = {
  sessionId: 'one',
  game: 'snake',
  playerAddress: player(1),
  paymentTx: hash(1),
  amountMicroUsdc: 12_345,
  at: new Date('2026-01-28T10:00:00Z'),
} as const;
const LATER = new Date('2026-01-28T10:05:00Z');

anyBackend('a paid game', (fresh) => {
  it('is recorded with its payment, session, entries and both pools at once', async () => {
    const db = await fresh({ packs: [arcade] });
    const { at: paidAt, ...game } = PAID;
    const recorded = await recordGame(db, { ...game, score: 70, paidAt, at: LATER });
    expect(recorded).toEqual({ recorded: true, dailyMicroUsdc: 4_320, weeklyMicroUsdc: 4_321 });
    const stored = await contents(db);
    expect(stored['game_session']).toEqual([
      {
        id: 'one',
        game_type: 'snake',
        player_address: player(1),
        payment_tx: hash(1),
        amount_micro_usdc: 12_345,
        score: 70,
        status: 'completed',
        created_at: paidAt,
        completed_at: LATER,
      },
    ]);
    expect(stored['payment']).toMatchObject([
      { payment_tx: hash(1), daily_micro_usdc: 4_320, weekly_micro_usdc: 4_321, paid_at: paidAt },
    ]);
    expect(
      (await pools(db)).map(({ period, date, total, games }) => [period, date, total, games]),
    ).toEqual([
      ['daily', '2026-01-28', 4_320, 1],
      ['weekly', '2026-01-26', 4_321, 1],
    ]);
    for (const period of ['daily', 'weekly', 'alltime'] as const) {
      expect(await topOf(db, { game: 'snake', period, date: LATER })).toEqual([
        { rank: 1, playerAddress: player(1), score: 70, sessionId: 'one', createdAt: LATER },
      ]);
    }
  });

  it('changes nothing when it is recorded again, whatever the case of its letters', async () => {
    const db = await fresh({ packs: [arcade] });
    const checksummed = { ...PAID, playerAddress: `0x${'aB'.repeat(20)}`, score: 7 };
    await recordGame(db, checksummed);
    const before = await contents(db);
    expect(await recordGame(db, checksummed)).toMatchObject({ recorded: false });
    const shouted = {
      ...checksummed,
      playerAddress: `0X${'AB'.repeat(20)}`.replace('X', 'x'),
      paymentTx: PAID.paymentTx.toUpperCase().replace('X', 'x'),
    };
    expect(await recordGame(db, shouted)).toMatchObject({ recorded: false });
    expect(await contents(db)).toEqual(before);
  });

  it('is recorded once by many at the same time', async () => {
    const db = await fresh({ packs: [arcade] });
    const all = await Promise.all(Array.from({ length: 8 }, () => payForGame(db, PAID)));
    expect(all.filter(({ recorded }) => recorded)).toHaveLength(1);
    expect(await valuesOf(db, 'select sum(games)::int from arcade.prize_pool')).toEqual([2]);
  });

  it('refuses a payment that has paid for another game, and a session that is paid', async () => {
    const db = await fresh({ packs: [arcade] });
    await payForGame(db, PAID);
    const before = await contents(db);
    for (const other of [
      { ...PAID, sessionId: 'two' },
      { ...PAID, amountMicroUsdc: 12_346 },
      { ...PAID, game: 'pong' as const },
      { ...PAID, playerAddress: player(2) },
    ]) {
      await expect(payForGame(db, other)).rejects.toMatchObject({
        code: 'action-refused',
        message: expect.stringContaining('was already used for session one') as string,
      });
    }
    await expect(payForGame(db, { ...PAID, paymentTx: hash(2) })).rejects.toMatchObject({
      code: 'action-refused',
      message: expect.stringContaining('Session one cannot be paid') as string,
    });
    expect(await contents(db)).toEqual(before);
  });

  it('can be paid after its session was opened', async () => {
    const db = await fresh({ packs: [arcade] });
    await db.query(
      `insert into arcade.game_session (id, game_type, player_address, created_at) values ('one', 'snake', $1, $2)`,
      [player(1), PAID.at],
    );
    await expect(finishGame(db, { sessionId: 'one', score: 5, at: LATER })).rejects.toMatchObject({
      code: 'action-refused',
      message: /never paid/,
    });
    expect(await payForGame(db, { ...PAID, at: LATER })).toMatchObject({ recorded: true });
    expect(await finishGame(db, { sessionId: 'one', score: 5, at: LATER })).toEqual({
      recorded: true,
    });
  });

  it('takes one score, and none when it is over or unknown', async () => {
    const db = await fresh({ packs: [arcade] });
    await payForGame(db, PAID);
    const early = { sessionId: 'one', score: 5, at: new Date('2026-01-28T09:59:59Z') };
    await expect(finishGame(db, early)).rejects.toMatchObject({ code: 'input-invalid' });
    const finished = { sessionId: 'one', score: 5, at: LATER };
    expect(await finishGame(db, finished)).toEqual({ recorded: true });
    expect(await finishGame(db, finished)).toEqual({ recorded: false });
    await expect(finishGame(db, { ...finished, score: 6 })).rejects.toMatchObject({
      code: 'action-refused',
      message: 'Session one is completed with the score 5 and cannot take the score 6.',
    });
    await expect(finishGame(db, { ...finished, sessionId: 'two' })).rejects.toMatchObject({
      code: 'not-found',
    });
    await payForGame(db, { ...PAID, sessionId: 'three', paymentTx: hash(3) });
    await runJob(db, 'arcade.clean-up', '2026-01-28T12:00:00Z');
    await expect(finishGame(db, { sessionId: 'three', score: 6, at: LATER })).rejects.toMatchObject(
      { code: 'action-refused', message: /three is expired/ },
    );
  });

  it('names the invalid field of a refused input', async () => {
    const db = await fresh({ packs: [arcade] });
    const wrong: [string, object][] = [
      ['game', { game: 'tetriss' }],
      ['playerAddress', { playerAddress: '0x1234' }],
      ['paymentTx', { paymentTx: player(1) }],
      ['amountMicroUsdc', { amountMicroUsdc: 0 }],
      ['amountMicroUsdc', { amountMicroUsdc: 0.01 }],
      ['score', { score: -1 }],
      ['score', { score: 2 ** 53 }],
      ['sessionId', { sessionId: '' }],
      ['sessionId', { sessionId: 'a\0b' }],
      ['at', { at: new Date(NaN) }],
      ['at', { at: '2026-01-28' }],
    ];
    for (const [field, part] of wrong) {
      const input = { ...PAID, score: 5, ...part } as Parameters<typeof recordGame>[1];
      await expect(recordGame(db, input)).rejects.toMatchObject({
        code: 'input-invalid',
        message: expect.stringContaining(`recordGame: ${field}: must `) as string,
      });
    }
    expect(await valuesOf(db, 'select count(*)::int from arcade.payment')).toEqual([0]);
  });

  it('belongs to the transaction that is open: of the caller, and of a job', async () => {
    const db = await fresh({ packs: [arcade] });
    const undone = db.transaction(async () => {
      await recordGame(db, { ...PAID, score: 1 });
      throw new Error('and then it fails');
    });
    await expect(undone).rejects.toThrow('and then it fails');
    expect(await pools(db)).toEqual([]);
    const settle = job('test.settle', async (ctx) => {
      await recordGame(ctx.db, { ...PAID, score: 1 });
      return null;
    });
    const humdrum = await createHumdrum({ database: db, packs: [arcade], jobs: [settle] });
    expect((await humdrum.rehearse(settle)).tables).toContainEqual({
      table: 'arcade.payment',
      inserted: 1,
      updated: 0,
      deleted: 0,
    });
    expect(await pools(db)).toEqual([]);
    await humdrum.run(settle);
    expect(await pools(db)).toHaveLength(2);
  });
});

anyBackend('the best of each player', (fresh) => {
  it('is on the boards, whatever the order in which games are recorded', async () => {
    const db = await fresh({ packs: [arcade] });
    const games = [
      { id: 'a', score: 5, at: '2026-01-28T10:00:00Z' },
      { id: 'b', score: 9, at: '2026-01-28T11:00:00Z' },
      { id: 'c', score: 9, at: '2026-01-28T10:30:00Z' },
      { id: 'd', score: 7, at: '2026-01-28T12:00:00Z' },
    ];
    for (const { id, score, at } of games) await play(db, at, { id, score });
    const board = { game: 'snake', period: 'daily', date: '2026-01-28' } as const;
    expect(await topOf(db, board)).toMatchObject([{ rank: 1, score: 9, sessionId: 'c' }]);
  });

  it('is ranked without gaps, and limited', async () => {
    const db = await fresh({ packs: [arcade] });
    for (let by = 1; by <= 12; by += 1)
      await play(db, '2026-01-28T10:00:00Z', { by, score: by % 3 });
    const board = { game: 'snake', period: 'weekly', date: '2026-01-30' } as const;
    const top = await topOf(db, board);
    expect(top.map(({ rank }) => rank)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(top.map(({ score }) => score)).toEqual([2, 2, 2, 2, 1, 1, 1, 1, 0, 0]);
    expect(await topOf(db, { ...board, limit: 1 })).toEqual(top.slice(0, 1));
    for (const wrong of [
      { limit: 0 },
      { limit: 1_001 },
      { date: 'today' },
      { period: 'monthly' },
    ]) {
      await expect(topOf(db, { ...board, ...wrong } as never)).rejects.toMatchObject({
        code: 'input-invalid',
      });
    }
  });
});

anyBackend('a payout', (fresh) => {
  const pool = { game: 'snake', period: 'daily', periodDate: '2026-01-28' } as const;

  it('is recorded once for a pool that somebody has won', async () => {
    const db = await fresh({ packs: [arcade] });
    const paid = { ...pool, payoutTx: hash('payout') };
    await expect(recordPayout(db, paid)).rejects.toMatchObject({ code: 'not-found' });
    await play(db, '2026-01-28T10:00:00Z');
    await expect(recordPayout(db, paid)).rejects.toMatchObject({
      code: 'action-refused',
      message: /is not finalized/,
    });
    await runJob(db, 'arcade.finalize-prize-pools', '2026-01-29T00:00:00Z');
    expect(await recordPayout(db, paid)).toEqual({ recorded: true });
    expect(await recordPayout(db, paid)).toEqual({ recorded: false });
    await expect(recordPayout(db, { ...pool, payoutTx: hash('again') })).rejects.toMatchObject({
      code: 'action-refused',
      message: expect.stringContaining(hash('payout')) as string,
    });
  });

  it('is refused for a pool that nobody won', async () => {
    const db = await fresh({ packs: [arcade] });
    await payForGame(db, PAID);
    await runJob(db, 'arcade.finalize-prize-pools', '2026-01-29T00:00:00Z');
    await expect(recordPayout(db, { ...pool, payoutTx: hash('payout') })).rejects.toMatchObject({
      message: /has no winner/,
    });
  });
});
