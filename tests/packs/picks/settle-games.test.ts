import { expect, it } from 'vitest';
import { picks, placeBets, sampleGames } from '../../../src/packs/picks/index.ts';
import { upsertGames } from '../../../src/packs/picks/queries.ts';
import { eachBackend } from '../../support/databases.ts';
import {
  contents,
  importLines,
  NOW,
  one,
  runSettlement,
  valuesOf,
  threeGamesWithBets,
} from './support.ts';

const BEARS = '2019-09-08-packers-at-bears';
const GIANTS = '2019-09-08-jets-at-giants';
const BILLS = '2019-09-15-rams-at-bills';

eachBackend('picks.settle-games', (fresh) => {
  it('settles each open bet of a game that is over, moves the money and writes the ledger', async () => {
    const db = await fresh({ packs: [picks] });
    await threeGamesWithBets(db);
    const { result } = await runSettlement(db);
    const paidCents = 5 * 909 + 571 + 1_000;
    const counts = { games: 3, won: 7, lost: 7, pushed: 4, refunded: 0, paidCents };
    expect(result).toEqual({
      message: 'Settled 18 bets on 3 games: 7 won, 7 lost, 4 pushed, 0 refunded.',
      affected: 18,
      details: { ...counts, errors: [], errorCount: 0 },
    });
    // Worked out by hand. $10 at -110 wins $9.09.
    const bets = await valuesOf(
      db,
      `select concat_ws(' ', id, line, odds, state, profit_cents) from picks.bet order by id`,
    );
    expect(bets).toEqual([
      `${GIANTS}/moneyline/away/1 -140 pushed 0`,
      `${GIANTS}/moneyline/home/1 119 pushed 0`,
      `${GIANTS}/spread/away/1 -2.5 -110 lost -1000`,
      `${GIANTS}/spread/home/1 2.5 -110 won 909`,
      `${GIANTS}/total/over/1 40.5 -110 lost -1000`,
      `${GIANTS}/total/under/1 40.5 -110 won 909`,
      `${BEARS}/moneyline/away/1 148 lost -1000`,
      `${BEARS}/moneyline/home/1 -175 won 571`,
      `${BEARS}/spread/away/1 3.5 -110 lost -1000`,
      `${BEARS}/spread/home/1 -3.5 -110 won 909`,
      `${BEARS}/total/over/1 44.0 -110 pushed 0`,
      `${BEARS}/total/under/1 44.0 -110 pushed 0`,
      `${BILLS}/moneyline/away/1 100 won 1000`,
      `${BILLS}/moneyline/home/1 -120 lost -1000`,
      `${BILLS}/spread/away/1 1.0 -110 won 909`,
      `${BILLS}/spread/home/1 -1.0 -110 lost -1000`,
      `${BILLS}/total/over/1 38.0 -110 won 909`,
      `${BILLS}/total/under/1 38.0 -110 lost -1000`,
    ]);
    const { bet, ledger, bankroll } = await contents(db);
    expect(ledger).toEqual(
      (bet as { id: string; player_id: string; profit_cents: number }[]).map((row) => ({
        bet_id: row.id,
        player_id: row.player_id,
        amount_cents: row.profit_cents,
        at: NOW,
      })),
    );
    const balanceCents = 100_000 + paidCents - 7 * 1_000;
    expect(bankroll).toEqual([
      {
        player_id: 'player-0001',
        balance_cents: balanceCents,
        open_stakes_cents: 0,
        available_cents: balanceCents,
      },
    ]);
  });

  it('pays once when it runs twice at the same time', async () => {
    const db = await fresh({ packs: [picks] });
    await threeGamesWithBets(db);
    const runs = await Promise.all([runSettlement(db), runSettlement(db)]);
    expect(new Set(runs.map(({ result }) => result.affected))).toEqual(new Set([0, 18]));
    expect(runs.flatMap(({ events }) => events)).toHaveLength(3);
    expect(await valuesOf(db, 'select count(*)::int from picks.ledger')).toEqual([18]);
    expect(await valuesOf(db, 'select balance_cents from picks.bankroll')).toEqual([99_116]);
  });

  it('leaves games to come, live games and their bets alone', async () => {
    const db = await fresh({ packs: [picks] });
    await importLines(
      db,
      '2019-09-08,Bears,Packers,,,-3.5,44',
      '2019-09-08,Giants,Jets,,,2.5,40.5',
    );
    await placeBets(db, { stakeCents: 1_000, everySide: true });
    await db.query(
      `update picks.game set state = 'live', home_score = 7, away_score = 3 where id = $1`,
      [BEARS],
    );
    const before = await contents(db);
    const { result, events } = await runSettlement(db);
    expect(result).toMatchObject({ message: 'No bet was settled.', affected: 0 });
    expect(events).toEqual([]);
    expect(await contents(db)).toEqual(before);
  });

  it('gives the stake back when a game is postponed or void', async () => {
    const db = await fresh({ packs: [picks] });
    await threeGamesWithBets(db);
    await db.query(`update picks.game set state = 'postponed', home_score = null where id = $1`, [
      BEARS,
    ]);
    await db.query(`update picks.game set state = 'void' where id = $1`, [GIANTS]);
    const { result } = await runSettlement(db);
    expect(result.details).toMatchObject({ games: 3, refunded: 12 });
    const refunds = await valuesOf(
      db,
      `select distinct profit_cents from picks.bet where state = 'refunded'`,
    );
    expect(refunds).toEqual([0]);
    expect(await valuesOf(db, 'select distinct open_stakes_cents from picks.bankroll')).toEqual([
      0,
    ]);
  });

  it('says of each game how its bets ended, in the order of their start', async () => {
    const db = await fresh({ packs: [picks] });
    await threeGamesWithBets(db);
    const { events } = await runSettlement(db);
    const event = (gameId: string, won: number, pushed: number): unknown => ({
      name: 'picks.game-settled',
      data: { gameId, bets: 6, won, lost: won, pushed, refunded: 0 },
    });
    // Bears 24:20 -3.5, total 44: pushed. Giants 17:17 +2.5, total 40.5: the moneyline is. Bills lose, total 41 over 38.
    expect(events).toEqual([event(GIANTS, 2, 2), event(BEARS, 2, 2), event(BILLS, 3, 0)]);
  });

  it('settles the earliest games first when it is limited, and the others the next time', async () => {
    const db = await fresh({ packs: [picks] });
    await threeGamesWithBets(db);
    await db.query(`update picks.game set starts_at = '2019-09-08T20:00Z' where id = $1`, [GIANTS]);
    const settled = async (limit: number): Promise<unknown[]> => {
      const { events } = await runSettlement(db, { limit });
      return events.map(({ data }) => (data as { gameId: string }).gameId);
    };
    expect(await settled(1)).toEqual([BEARS]);
    expect(await settled(2)).toEqual([GIANTS, BILLS]);
    expect(await settled(1)).toEqual([]);
  });

  it('refuses a limit that is no whole number above 0, and an input that it does not know', async () => {
    const db = await fresh({ packs: [picks] });
    for (const input of [{ limit: 0 }, { limit: 1.5 }, { limit: '3' }, { limits: 3 }]) {
      await expect(runSettlement(db, input)).rejects.toMatchObject({ code: 'input-invalid' });
    }
  });

  it('changes nothing the second time', async () => {
    const db = await fresh({ packs: [picks] });
    await threeGamesWithBets(db);
    await runSettlement(db);
    const before = await contents(db);
    const { result, events } = await runSettlement(db, {}, new Date('2026-11-22T11:00:00Z'));
    expect(result.affected).toBe(0);
    expect(events).toEqual([]);
    expect(await contents(db)).toEqual(before);
  });

  it('leaves out the game of a bad bet, says why, and settles every other', async () => {
    const db = await fresh({ packs: [picks] });
    await threeGamesWithBets(db);
    await db.query(
      'alter domain picks.american_odds drop constraint american_odds_are_100_or_more',
    );
    await db.query(`update picks.bet set odds = 0 where id = $1`, [`${GIANTS}/spread/home/1`]);
    const { result, events } = await runSettlement(db);
    const error = `Bet ${GIANTS}/spread/home/1 cannot be settled: its odds are 0: American odds are 100 or more, or -100 or less.`;
    expect(result.details).toMatchObject({
      games: 2,
      errors: [{ game: GIANTS, error }],
      errorCount: 1,
    });
    expect(result.message).toMatch(
      /^Settled 12 bets on 2 games: .* Left unsettled by an error: 1 game\.$/,
    );
    expect(events.map(({ data }) => (data as { gameId: string }).gameId)).toEqual([BEARS, BILLS]);
    const open = await valuesOf(db, `select distinct game_id from picks.bet where state = 'open'`);
    expect(open).toEqual([GIANTS]);
    expect(
      await one(db, 'select sum(open_stakes_cents)::int as cents from picks.bankroll'),
    ).toEqual({ cents: 6_000 });

    await db.query(`update picks.bet set odds = -110 where id = $1`, [`${GIANTS}/spread/home/1`]);
    expect((await runSettlement(db)).result.details).toMatchObject({ games: 1, errorCount: 0 });
  });

  it('takes a bankroll that does not hold the stake for an error of that game alone', async () => {
    const db = await fresh({ packs: [picks] });
    await importLines(
      db,
      '2019-09-08,Bears,Packers,24,20,-3.5,44',
      '2019-09-15,Bills,Rams,10,31,-1,38',
    );
    await placeBets(db, { stakeCents: 1_000, everySide: true, players: 12 });
    // Of twelve players in turn, the first six bet on the first game.
    await db.query(
      `update picks.bankroll set open_stakes_cents = 0 where player_id = 'player-0003'`,
    );
    const { result } = await runSettlement(db);
    expect(result.details).toMatchObject({ games: 1, errorCount: 1 });
    expect(result.details.errors[0]).toMatchObject({ game: BEARS });
    expect(result.details.errors[0]?.error).toMatch(
      /^The bankroll of player-0003 holds 0 cents of open stakes, and its bets come to 1000: put the bankroll right\.$/,
    );
  });

  it('moves the money of the good games alone when bad ones are scattered over its sets', async () => {
    const db = await fresh({ packs: [picks] });
    await upsertGames(db, sampleGames({ seasons: 4, seed: 'scattered' }));
    await placeBets(db, { stakeCents: 2_000, everySide: true });
    await db.query(
      'alter domain picks.american_odds drop constraint american_odds_are_100_or_more',
    );
    const bad = await db.query(
      `update picks.bet set odds = 0 from picks.game
       where game.id = game_id and game.state = 'final' and market = 'total' and side = 'under' and week = '7'
         and home_team like '%s'
       returning game_id`,
    );
    const { result, events } = await runSettlement(db);
    expect(bad.rows.length).toBeGreaterThan(20);
    expect(result.details.errorCount).toBe(bad.rows.length);
    expect(events).toHaveLength(result.details.games);
    const wrong = await valuesOf(
      db,
      `select player_id from picks.bankroll
       where balance_cents <> 100000 + (select coalesce(sum(amount_cents), 0) from picks.ledger
                                        where ledger.player_id = bankroll.player_id)
          or open_stakes_cents <> (select coalesce(sum(stake_cents), 0) from picks.bet
                                   where bet.player_id = bankroll.player_id and state = 'open')`,
    );
    expect(wrong).toEqual([]);
  });

  it('keeps the first hundred errors and counts them all', async () => {
    const db = await fresh({ packs: [picks] });
    const dates = Array.from({ length: 103 }, (_, day) =>
      new Date(Date.UTC(2019, 0, 1 + day)).toISOString().slice(0, 10),
    );
    await importLines(db, ...dates.map((date) => `${date},Bears,Packers,24,20,-3.5,44`));
    await placeBets(db, { stakeCents: 1_000, everySide: true });
    await db.query(
      'alter domain picks.american_odds drop constraint american_odds_are_100_or_more',
    );
    await db.query(`update picks.bet set odds = 0 where market = 'total' and side = 'over'`);
    const { result } = await runSettlement(db);
    expect(result.details.errors).toHaveLength(100);
    expect(result.details.errorCount).toBe(103);
    expect(result.message).toBe('No bet was settled. Left unsettled by an error: 103 games.');
  });

  it('settles a set with more bets than one page holds', async () => {
    const db = await fresh({ packs: [picks] });
    await importLines(
      db,
      '2019-09-08,Bears,Packers,24,20,-3.5,44',
      '2019-09-08,Giants,Jets,17,17,2.5,40.5',
      '2019-09-15,Bills,Rams,10,31,-1,38',
    );
    // 6,000 a game, and a page holds 10,000: it ends within the second game.
    await placeBets(db, { stakeCents: 100, everySide: true, betsPerSide: 1_000 });
    const { result, events } = await runSettlement(db);
    expect(result.affected).toBe(18_000);
    expect(events.map(({ data }) => (data as { bets: number }).bets)).toEqual([
      6_000, 6_000, 6_000,
    ]);
    expect(await valuesOf(db, `select count(*)::int from picks.bet where state = 'open'`)).toEqual([
      0,
    ]);
    expect(await valuesOf(db, 'select sum(open_stakes_cents)::int from picks.bankroll')).toEqual([
      0,
    ]);
  });

  it('never lowers what a player has available', async () => {
    const db = await fresh({ packs: [picks] });
    await threeGamesWithBets(db);
    // A weekly reset while bets are open: the balance is less than what is at stake.
    await db.query('update picks.bankroll set balance_cents = 100');
    const available = 'select available_cents from picks.bankroll order by player_id';
    const before = (await valuesOf(db, available)) as number[];
    expect(Math.min(...before)).toBeLessThan(0);
    await runSettlement(db);
    const after = (await valuesOf(db, available)) as number[];
    after.forEach((cents, index) => expect(cents).toBeGreaterThanOrEqual(before[index] ?? NaN));
  });

  it('stamps what it settles with the time of the run', async () => {
    const db = await fresh({ packs: [picks] });
    await threeGamesWithBets(db);
    await runSettlement(db);
    expect(await valuesOf(db, 'select distinct settled_at from picks.bet')).toEqual([NOW]);
    expect(await valuesOf(db, 'select distinct at from picks.ledger')).toEqual([NOW]);
  });
});

const REFUSED: readonly (readonly [what: string, sql: string])[] = [
  ['a settlement that is changed', 'update picks.ledger set amount_cents = 0'],
  ['a settlement that is removed', 'delete from picks.ledger'],
  ['a ledger that is emptied', 'truncate picks.ledger'],
  ['a second settlement of one bet', 'insert into picks.ledger select * from picks.ledger'],
  ['a bet that is removed after its settlement', 'delete from picks.bet'],
  ['a settled bet without its profit', 'update picks.bet set profit_cents = null'],
  ['an open bet with a profit', `update picks.bet set state = 'open'`],
  [
    'a lost bet that costs more than its stake',
    `update picks.bet set profit_cents = -1001 where state = 'lost'`,
  ],
  ['a pushed bet that pays', `update picks.bet set profit_cents = 1 where state = 'pushed'`],
  ['a spread bet on the over', `update picks.bet set side = 'over' where market = 'spread'`],
  ['a moneyline bet with a line', `update picks.bet set line = 3 where market = 'moneyline'`],
  ['a total bet without a line', `update picks.bet set line = null where market = 'total'`],
  ['a line in quarters', `update picks.game set home_line = 3.3`],
  ['odds of 99', `update picks.bet set odds = 99`],
  ['odds of 0', `update picks.game set over_odds = 0`],
  ['a stake of nothing', `update picks.bet set stake_cents = 0`],
  ['a final game without both scores', `update picks.game set away_score = null`],
  ['a state that there is not', `update picks.game set state = 'over'`],
  ['a team that plays itself', `update picks.game set away_team = home_team`],
  ['open stakes below zero', `update picks.bankroll set open_stakes_cents = -1`],
  ['a balance past 2^53', `update picks.bankroll set balance_cents = 9007199254740992`],
];

eachBackend('the tables of picks', (fresh) => {
  it('refuse what must not be', async () => {
    const db = await fresh({ packs: [picks] });
    await threeGamesWithBets(db);
    await runSettlement(db);
    const before = await contents(db);
    for (const [what, sql] of REFUSED) {
      await expect(db.query(sql), what).rejects.toThrow(/constraint|is refused/);
    }
    expect(await contents(db)).toEqual(before);
  });
});
