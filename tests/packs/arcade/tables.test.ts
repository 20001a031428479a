import { expect, it } from 'vitest';
import { arcade, recordPayout } from '../../../src/packs/arcade/index.ts';
import { anyBackend } from '../../support/databases.ts';
import { contents, hash, play, player, runJob } from './support.ts';

const ENTRY = `insert into arcade.leaderboard_entry values ('s', 'snake', '${player(9)}', 1,`;
const SESSION = `insert into arcade.game_session (id, game_type, player_address, created_at) values ('s',`;
const OF_PONG = `where game_type = 'pong' and period = 'daily'`;
const OF_SNAKE = `where game_type = 'snake' and period = 'daily'`;

const REFUSED: readonly (readonly [what: string, sql: string])[] = [
  ['a payment that is changed', 'update arcade.payment set amount_micro_usdc = 1'],
  ['a payment that is removed', 'delete from arcade.payment'],
  ['payments that are emptied', 'truncate arcade.payment'],
  [
    'a payment that is entered twice',
    `insert into arcade.payment (payment_tx, game_type, player_address, amount_micro_usdc,
     daily_pool_date, weekly_pool_date, paid_at) select payment_tx, game_type, player_address, amount_micro_usdc,
     daily_pool_date, weekly_pool_date, paid_at from arcade.payment`,
  ],
  [
    'a payment for a pool of the past',
    `insert into arcade.payment (payment_tx, game_type, player_address, amount_micro_usdc,
     daily_pool_date, weekly_pool_date, paid_at) select '${hash('p')}', game_type, player_address, amount_micro_usdc,
     daily_pool_date - 1, weekly_pool_date, paid_at from arcade.payment limit 1`,
  ],
  ['a paid session that is removed', 'delete from arcade.game_session'],
  [
    'a paid session that says it was not',
    `update arcade.game_session set payment_tx = null, amount_micro_usdc = 0`,
  ],
  [
    'two sessions with one payment',
    `insert into arcade.game_session (id, game_type, player_address, payment_tx,
     amount_micro_usdc, created_at) select 's', game_type, player_address, payment_tx, 1, created_at from arcade.game_session limit 1`,
  ],
  ['an address in capitals', `${SESSION} 'snake', '0x${'AB'.repeat(20)}', '2026-01-26T00:00:00Z')`],
  ['an address that is too short', `${SESSION} 'snake', '0x12', '2026-01-26T00:00:00Z')`],
  [
    'a game by another name',
    `${SESSION} 'space-invaders', '${player(1)}', '2026-01-26T00:00:00Z')`,
  ],
  [
    'a score of a game that is not over',
    `update arcade.game_session set status = 'active', completed_at = null`,
  ],
  ['a completed game without a score', 'update arcade.game_session set score = null'],
  ['a score below zero', 'update arcade.game_session set score = -1'],
  [
    'a game that ends before it began',
    `update arcade.game_session set completed_at = created_at - interval '1 s'`,
  ],
  ['a status that there is not', `update arcade.game_session set status = 'played'`],
  ['a week that is named by a Tuesday', `${ENTRY} 'weekly', '2026-01-27', '2026-01-27T00:00:00Z')`],
  ['all time with a date', `${ENTRY} 'alltime', '2026-01-27', '2026-01-27T00:00:00Z')`],
  ['a period that there is not', `${ENTRY} 'monthly', '2026-01-01', '2026-01-27T00:00:00Z')`],
  [
    'a second entry of a player',
    `insert into arcade.leaderboard_entry select * from arcade.leaderboard_entry`,
  ],
  [
    'an archived all-time entry',
    `insert into arcade.leaderboard_archive select *, created_at from arcade.leaderboard_entry where period = 'alltime'`,
  ],
  [
    'a weekly pool that is named by a Tuesday',
    `insert into arcade.prize_pool (game_type, period, period_date) values ('snake', 'weekly', '2026-01-27')`,
  ],
  [
    'an all-time pool',
    `insert into arcade.prize_pool (game_type, period, period_date) values ('snake', 'alltime', '1970-01-01')`,
  ],
  [
    'money in a pool that nobody paid',
    `insert into arcade.prize_pool (game_type, period, period_date, total_micro_usdc) values ('snake', 'daily', '2026-02-01', 1)`,
  ],
  [
    'more than 70 % of the fees',
    `update arcade.prize_pool set total_micro_usdc = 280001 ${OF_PONG}`,
  ],
  ['a total below zero', `update arcade.prize_pool set total_micro_usdc = -1 ${OF_PONG}`],
  [
    'a winner before the end',
    `update arcade.prize_pool set winner_address = '${player(1)}' ${OF_PONG}`,
  ],
  [
    'a period that is finalized before its end',
    `update arcade.prize_pool set status = 'finalized', winner_address = '${player(1)}',
     finalized_at = '2026-01-27T23:59:59.999Z' ${OF_PONG}`,
  ],
  [
    'a finalized pool without its time',
    `update arcade.prize_pool set status = 'finalized', winner_address = '${player(1)}' ${OF_PONG}`,
  ],
  [
    'a pool with money that nobody won',
    `update arcade.prize_pool set status = 'finalized', finalized_at = '2026-01-29T00:00:00Z' ${OF_PONG}`,
  ],
  [
    'a payout of a pool that is active',
    `update arcade.prize_pool set status = 'paid', payout_tx = '${hash(1)}' ${OF_PONG}`,
  ],
  [
    'another winner of a finalized pool',
    `update arcade.prize_pool set winner_address = '${player(2)}' ${OF_SNAKE}`,
  ],
  [
    'another prize of a finalized pool',
    `update arcade.prize_pool set total_micro_usdc = 0 ${OF_SNAKE}`,
  ],
  [
    'a finalized pool that is active again',
    `update arcade.prize_pool set status = 'active', winner_address = null, finalized_at = null ${OF_SNAKE}`,
  ],
  ['a payout without its transaction', `update arcade.prize_pool set status = 'paid' ${OF_SNAKE}`],
  [
    'a paid pool that changes',
    `update arcade.prize_pool set payout_tx = '${hash(2)}' where status = 'paid'`,
  ],
  [
    'a paid pool that is not any more',
    `update arcade.prize_pool set status = 'finalized', payout_tx = null where status = 'paid'`,
  ],
  ['a pool that is removed', 'delete from arcade.prize_pool'],
  ['pools that are emptied', 'truncate arcade.prize_pool'],
];

anyBackend('the tables of arcade', (fresh) => {
  it('refuse what must not be', async () => {
    const db = await fresh({ packs: [arcade] });
    await play(db, '2026-01-26T10:00:00Z');
    await play(db, '2026-01-26T10:00:00Z', { game: 'tetris' });
    await runJob(db, 'arcade.finalize-prize-pools', '2026-01-27T00:00:00Z');
    const payout = { game: 'tetris', period: 'daily', periodDate: '2026-01-26' } as const;
    await recordPayout(db, { ...payout, payoutTx: hash('payout') });
    await play(db, '2026-01-27T10:00:00Z', { game: 'pong' });
    const before = await contents(db);
    for (const [what, sql] of REFUSED) {
      await expect(db.query(sql), what).rejects.toThrow(/constraint|is refused/);
    }
    expect(await contents(db)).toEqual(before);
  });
});
