import { describe, expect, it } from 'vitest';
import {
  decide,
  profitCents,
  settle,
  type Bet,
  type Game,
} from '../../../src/packs/picks/rules.ts';

const GAME: Game = { id: 'bills-at-bears', state: 'final', homeScore: 24, awayScore: 20 };

function bet(given: Partial<Bet> = {}): Bet {
  return {
    id: 'bet-7',
    market: 'spread',
    side: 'home',
    line: -3.5,
    odds: -110,
    stakeCents: 1_000,
    ...given,
  };
}

function final(homeScore: number, awayScore: number): Game {
  return { ...GAME, homeScore, awayScore };
}

describe('the outcome of a bet', () => {
  it.each([
    // market, side, line, home, away, outcome
    ['spread', 'home', -3.5, 24, 20, 'won'],
    ['spread', 'home', -4, 24, 20, 'pushed'],
    ['spread', 'home', -4.5, 24, 20, 'lost'],
    ['spread', 'away', 3.5, 24, 20, 'lost'],
    ['spread', 'away', 4, 24, 20, 'pushed'],
    ['spread', 'away', 4.5, 24, 20, 'won'],
    ['spread', 'home', 6.5, 10, 16, 'won'],
    ['spread', 'away', -6, 10, 16, 'pushed'],
    ['spread', 'away', -6.5, 10, 16, 'lost'],
    ['spread', 'home', 0, 17, 17, 'pushed'],
    ['total', 'over', 43.5, 24, 20, 'won'],
    ['total', 'under', 43.5, 24, 20, 'lost'],
    ['total', 'over', 44, 24, 20, 'pushed'],
    ['total', 'under', 44, 24, 20, 'pushed'],
    ['total', 'over', 44.5, 24, 20, 'lost'],
    ['total', 'under', 44.5, 24, 20, 'won'],
    ['moneyline', 'home', null, 24, 20, 'won'],
    ['moneyline', 'away', null, 24, 20, 'lost'],
    ['moneyline', 'home', null, 3, 6, 'lost'],
    ['moneyline', 'away', null, 3, 6, 'won'],
    ['moneyline', 'home', null, 20, 20, 'pushed'],
    ['moneyline', 'away', null, 0, 0, 'pushed'],
  ] as const)('%s %s %s at %i:%i is %s', (market, side, line, home, away, outcome) => {
    expect(decide(bet({ market, side, line }), final(home, away))).toBe(outcome);
  });

  it.each(['postponed', 'void'] as const)(
    'is a refund when the game is %s, scores or not',
    (state) => {
      for (const [homeScore, awayScore] of [[null, null] as const, [24, 20] as const]) {
        const settlement = settle(bet({ stakeCents: 5_000 }), {
          ...GAME,
          state,
          homeScore,
          awayScore,
        });
        expect(settlement).toEqual({ outcome: 'refunded', profitCents: 0 });
      }
    },
  );

  it('is the opposite on the other side, for every score and line', () => {
    const opposite = { won: 'lost', lost: 'won', pushed: 'pushed', refunded: 'refunded' };
    for (let margin = -21; margin <= 21; margin += 1) {
      const game = final(21 + margin, 21);
      for (let line = -10; line <= 60; line += 0.5) {
        const home = decide(bet({ side: 'home', line }), game);
        expect(decide(bet({ side: 'away', line: -line }), game)).toBe(opposite[home]);
        const over = decide(bet({ market: 'total', side: 'over', line }), game);
        expect(decide(bet({ market: 'total', side: 'under', line }), game)).toBe(opposite[over]);
      }
      const home = decide(bet({ market: 'moneyline', line: null }), game);
      const away = decide(bet({ market: 'moneyline', side: 'away', line: null }), game);
      expect(away).toBe(opposite[home]);
    }
  });

  it('never pushes on a half point', () => {
    for (let total = 0; total <= 100; total += 1) {
      for (let line = 0.5; line <= 100; line += 1) {
        expect(decide(bet({ market: 'total', side: 'over', line }), final(total, 0))).not.toBe(
          'pushed',
        );
      }
    }
  });
});

describe('the profit of a bet that won', () => {
  it.each([
    // stake, odds, profit: worked out by hand
    [1_000, 100, 1_000],
    [1_000, -100, 1_000],
    [1_000, 150, 1_500],
    [1_000, -110, 909], // 909.09
    [1_100, -110, 1_000],
    [2_500, -115, 2_173], // 2173.91
    [333, 105, 349], // 349.65
    [777, -155, 501], // 501.29
    [12_345, 387, 47_775], // 47775.15
    [100_000, -2_000, 5_000],
    [1, 100, 1],
    [1, 199, 1], // 1.99
    [1, -101, 0], // 0.99
    [99, -9_900, 1],
    [98, -9_900, 0], // 0.98
    [Number.MAX_SAFE_INTEGER, -100_000, 9_007_199_254_740], // ….991
    [100, 115, 115], // as a binary fraction 100 × 1.15 is 114.99…
    [90_071_992_547_401, 9_999, 9_006_298_534_814_625], // ….99; as a binary fraction it is two more
  ])('of %i cents at %i is %i cents', (stakeCents, odds, profit) => {
    expect(profitCents(bet({ stakeCents, odds }), 'won')).toBe(profit);
  });

  it('is the largest whole number of cents that is not too much, for any stake and odds', () => {
    for (let step = 0; step < 20_000; step += 1) {
      const stakeCents = 1 + ((step * 7_919) % 1_000_003);
      const size = 100 + ((step * 104_729) % 4_901);
      const odds = step % 2 === 0 ? size : -size;
      const profit = profitCents(bet({ stakeCents, odds }), 'won');
      const [gains, per] = odds > 0 ? [odds, 100] : [100, -odds];
      expect(profit * per).toBeLessThanOrEqual(stakeCents * gains);
      expect((profit + 1) * per).toBeGreaterThan(stakeCents * gains);
    }
  });

  it('is minus the stake when it lost, and nothing when it was pushed or refunded', () => {
    expect(profitCents(bet(), 'lost')).toBe(-1_000);
    expect(profitCents(bet(), 'pushed')).toBe(0);
    expect(profitCents(bet(), 'refunded')).toBe(0);
  });
});

describe('a bet whose data is bad', () => {
  it.each<[string, Partial<Bet>, Partial<Game>, RegExp]>([
    ['odds of 0', { odds: 0 }, {}, /odds are 0/],
    ['odds of 99', { odds: 99 }, {}, /odds are 99/],
    ['odds of -99', { odds: -99 }, {}, /odds are -99/],
    ['odds with a fraction', { odds: 150.5 }, {}, /odds are 150\.5/],
    ['bad odds, though it lost', { odds: 0, line: -40 }, {}, /odds are 0/],
    ['no line on a spread', { line: null }, {}, /spread bet needs a line/],
    [
      'no line on a total',
      { market: 'total', side: 'over', line: null },
      {},
      /total bet needs a line/,
    ],
    ['a line in quarters', { line: -3.25 }, {}, /line -3\.25/],
    ['a side of another market', { side: 'over' }, {}, /"over" is not a side/],
    ['a stake of 0', { stakeCents: 0 }, {}, /stake is 0/],
    ['half a cent', { stakeCents: 10.5 }, {}, /stake is 10\.5/],
    [
      'a profit past 2^53',
      { stakeCents: 9e15, odds: 300 },
      {},
      /more than the largest exact number/,
    ],
    ['a final game without a score', {}, { awayScore: null }, /scores 24 and null/],
    ['a score below 0', {}, { homeScore: -1 }, /scores -1 and 20/],
    ['a game that is live', {}, { state: 'live' }, /is live, not final/],
    ['a game to come', {}, { state: 'scheduled' }, /is scheduled, not final/],
  ])('throws and names the bet: %s', (_, badBet, badGame, reason) => {
    const act = (): unknown => settle(bet(badBet), { ...GAME, ...badGame });
    expect(act).toThrow(/^Bet bet-7 cannot be settled: /);
    expect(act).toThrow(reason);
  });
});
