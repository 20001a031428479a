import { expect, it } from 'vitest';
import { picks } from '../../../src/packs/picks/index.ts';
import { anyBackend } from '../../support/databases.ts';
import { contents, runSettlement, threeGamesWithBets } from './support.ts';

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

anyBackend('the tables of picks', (fresh) => {
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
