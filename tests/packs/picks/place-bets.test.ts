import { describe, expect, it } from 'vitest';
import { picks, placeBets } from '../../../src/packs/picks/index.ts';
import { roundsFor } from '../../../src/packs/picks/place-bets.ts';
import { anyBackend } from '../../support/databases.ts';
import {
  contents,
  importLines,
  one,
  runSettlement,
  valuesOf,
  threeGamesWithBets,
} from './support.ts';

const ONE_GAME = '2019-09-08,Bears,Packers,24,20,-3.5,44';

anyBackend('placing bets', (fresh) => {
  it('places one on each side of each market, a day before the game, at its line and its price', async () => {
    const db = await fresh({ packs: [picks] });
    await importLines(db, ONE_GAME);
    expect(await placeBets(db, { stakeCents: 1_000, everySide: true, players: 4 })).toEqual({
      bets: 6,
      games: 1,
      players: 4,
      stakedCents: 6_000,
    });
    const game = '2019-09-08-packers-at-bears';
    const bets = await valuesOf(
      db,
      `select concat_ws(' ', id, player_id, line, odds, stake_cents, state, placed_at at time zone 'UTC')
       from picks.bet order by player_id, id`,
    );
    const placed = '1000 open 2019-09-07 18:00:00';
    expect(bets).toEqual([
      `${game}/moneyline/home/1 player-0001 -175 ${placed}`,
      `${game}/spread/home/1 player-0001 -3.5 -110 ${placed}`,
      `${game}/moneyline/away/1 player-0002 148 ${placed}`,
      `${game}/spread/away/1 player-0002 3.5 -110 ${placed}`,
      `${game}/total/over/1 player-0003 44.0 -110 ${placed}`,
      `${game}/total/under/1 player-0004 44.0 -110 ${placed}`,
    ]);
    const money = await valuesOf(
      db,
      `select concat_ws(' ', name, balance_cents, open_stakes_cents, available_cents)
       from picks.bankroll join picks.player on id = player_id order by id`,
    );
    expect(money).toEqual([
      'Player 1 100000 2000 98000',
      'Player 2 100000 2000 98000',
      'Player 3 100000 1000 99000',
      'Player 4 100000 1000 99000',
    ]);
  });

  it('places nothing twice, and what is new the next time', async () => {
    const db = await fresh({ packs: [picks] });
    await threeGamesWithBets(db);
    const before = await contents(db);
    const again = await placeBets(db, { stakeCents: 5_000, everySide: true });
    expect(again).toEqual({ bets: 0, games: 0, players: 0, stakedCents: 0 });
    expect(await contents(db)).toEqual(before);
    await runSettlement(db);
    expect(await placeBets(db, { stakeCents: 1_000, everySide: true })).toMatchObject({ bets: 0 });
    await importLines(db, '2019-09-22,Colts,Titans,,,-3,44');
    expect(await placeBets(db, { stakeCents: 1_000, everySide: true })).toMatchObject({
      bets: 6,
      games: 1,
    });
  });

  it('places no bet where there is no price', async () => {
    const db = await fresh({ packs: [picks] });
    await importLines(db, '2019-09-08,Bears,Packers,24,20,,44', '2019-09-08,Giants,Jets,,,2.5,');
    expect(await placeBets(db, { stakeCents: 1_000, everySide: true })).toMatchObject({
      bets: 6,
      games: 2,
    });
    expect(await valuesOf(db, 'select distinct market from picks.bet order by 1')).toEqual([
      'moneyline',
      'spread',
      'total',
    ]);
  });

  it('makes as many players as the stakes need, and none has less than nothing available', async () => {
    const db = await fresh({ packs: [picks] });
    await threeGamesWithBets(db); // 18 bets of $10 by player-0001
    await importLines(db, '2019-09-22,Colts,Titans,,,-3,44');
    // $300: player-0001 can place two more, a new player three. Six are to be placed.
    const placed = await placeBets(db, { stakeCents: 30_000, everySide: true });
    expect(placed).toEqual({ bets: 6, games: 1, players: 3, stakedCents: 180_000 });
    const open = await valuesOf(
      db,
      'select open_stakes_cents from picks.bankroll order by player_id',
    );
    expect(open).toEqual([18_000 + 60_000, 60_000, 60_000]);
  });

  it('refuses when the players have too little, and leaves nothing behind', async () => {
    const db = await fresh({ packs: [picks] });
    await importLines(db, ONE_GAME);
    const before = await contents(db);
    const attempt = placeBets(db, { stakeCents: 40_000, everySide: true, players: 2 });
    await expect(attempt).rejects.toMatchObject({
      code: 'funds-insufficient',
      message:
        'Cannot place 6 bets of 40000 cents: 2 players have 200000 cents available in total, ' +
        'and a new player has 100000. Lower the stake or add players.',
    });
    await expect(placeBets(db, { stakeCents: 100_001, everySide: true })).rejects.toMatchObject({
      code: 'funds-insufficient',
    });
    expect(await contents(db)).toEqual(before);
  });

  it('lets only sample players bet', async () => {
    const db = await fresh({ packs: [picks] });
    await db.query(`insert into picks.player values ('ada', 'Ada')`);
    await db.query(`insert into picks.bankroll (player_id, balance_cents) values ('ada', 1000000)`);
    await importLines(db, ONE_GAME);
    await placeBets(db, { stakeCents: 1_000, everySide: true });
    expect(
      await one(db, `select open_stakes_cents from picks.bankroll where player_id = 'ada'`),
    ).toEqual({
      open_stakes_cents: 0,
    });
  });

  it('refuses numbers that are out of range', async () => {
    const db = await fresh({ packs: [picks] });
    const wrong = [
      { stakeCents: 0 },
      { stakeCents: 10.5 },
      { stakeCents: NaN },
      { stakeCents: 100, players: 0 },
      { stakeCents: 100, players: 1_000_001 },
      { stakeCents: 100, betsPerSide: 1_001 },
    ];
    for (const options of wrong) {
      const attempt = placeBets(db, { everySide: true, ...options });
      await expect(attempt, JSON.stringify(options)).rejects.toMatchObject({
        code: 'input-invalid',
      });
    }
  });
});

describe('the rounds in which bets are placed', () => {
  it.each([
    [6, [100], 6],
    [6, [100, 100, 100, 100], 2],
    [6, [1, 2, 3], 3],
    [6, [1, 0, 5], 5],
    [6, [1, 0, 4], null],
    [1, [0, 1], 1],
    [1, [], null],
  ])('of %i bets by players who can place %j are %j', (bets, capacities, rounds) => {
    expect(roundsFor(bets, capacities)).toBe(rounds);
  });
});
