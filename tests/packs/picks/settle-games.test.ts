import { expect, it } from 'vitest';
import { picks, placeBets } from '../../../src/packs/picks/index.ts';
import { testHumdrum } from '../../../src/testing/index.ts';
import { anyBackend } from '../../support/databases.ts';
import {
  contents,
  importLines,
  NOW,
  runSettlement,
  valuesOf,
  threeGamesWithBets,
} from './support.ts';

const BEARS = '2019-09-08-packers-at-bears';
const GIANTS = '2019-09-08-jets-at-giants';
const BILLS = '2019-09-15-rams-at-bills';

anyBackend('picks.settle-games', (fresh) => {
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

  it('runs each half hour, and then settles what is open', async () => {
    const database = await fresh({ packs: [picks] });
    const humdrum = await testHumdrum({ database, packs: [picks], now: '2026-11-22T10:07:00Z' });
    await threeGamesWithBets(database);
    expect((await humdrum.runTick('picks.settle-games')).tick).toEqual(NOW);
    await humdrum.assertEmitted({ name: 'picks.game-settled', count: 3 });
    const { ran } = await humdrum.runTick('picks.settle-games', '2026-11-22T11:00:00Z');
    expect(ran).toMatchObject([{ status: 'completed', result: { affected: 0 } }]);
    await humdrum.assertEmitted({ count: 3 });
    await humdrum.close();
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
