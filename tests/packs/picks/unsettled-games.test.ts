import { expect, it } from 'vitest';
import { picks, placeBets, sampleGames } from '../../../src/packs/picks/index.ts';
import { upsertGames } from '../../../src/packs/picks/queries.ts';
import { anyBackend } from '../../support/databases.ts';
import { importLines, one, runSettlement, threeGamesWithBets, valuesOf } from './support.ts';

const BEARS = '2019-09-08-packers-at-bears';
const GIANTS = '2019-09-08-jets-at-giants';
const BILLS = '2019-09-15-rams-at-bills';

anyBackend('picks.settle-games, where data is bad,', (fresh) => {
  it('leaves out the game of a bad bet, says why, and settles every other', async () => {
    const db = await fresh({ packs: [picks] });
    await threeGamesWithBets(db);
    await db.query(
      'alter domain picks.american_odds drop constraint american_odds_are_100_or_more',
    );
    await db.query(`update picks.bet set odds = 0 where id = $1`, [`${GIANTS}/spread/home/1`]);
    const { result, events } = await runSettlement(db);
    const error = `Bet ${GIANTS}/spread/home/1 cannot be settled: its odds are 0, but American odds are 100 or more, or -100 or less.`;
    expect(result.details).toMatchObject({
      games: 2,
      errors: [{ game: GIANTS, error }],
      errorCount: 1,
    });
    expect(result.message).toMatch(
      /^Settled 12 bets on 2 games: .* Not settled because of errors: 1 game\.$/,
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
      /^The bankroll of player-0003 has 0 cents of open stakes, but its bets total 1000\. Correct the bankroll\.$/,
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
    expect(result.message).toBe('No bet was settled. Not settled because of errors: 103 games.');
  });
});
