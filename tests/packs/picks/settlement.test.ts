import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { importGames, picks, placeBets } from '../../../src/packs/picks/index.ts';
import { anyBackend } from '../../support/databases.ts';
import { contents, runSettlement, valuesOf } from './support.ts';

const PATH = '../shared/data/nfl/games-2010-2019.csv';
const FILE = fileURLToPath(new URL(`../../../${PATH}`, import.meta.url));
const STAKE_CENTS = 1_000;

interface StoredBet {
  id: string;
  player_id: string;
  market: string;
  side: string;
  line: string | null;
  odds: number;
  state: string;
  profit_cents: number | null;
  date: string;
  home_team: string;
  away_team: string;
}

interface Row {
  home: number;
  away: number;
  homeLine: number;
  totalLine: number;
}

/** The file read a second time, by nothing but split: its cells have neither quotes nor commas. */
function readFileAgain(): Map<string, Row> {
  const [, ...lines] = readFileSync(FILE, 'utf8').trim().split('\n');
  return new Map(
    lines.map((line) => {
      const [, , date, homeTeam, awayTeam, home, away, homeLine, totalLine] = line
        .trim()
        .split(',');
      const row = {
        home: Number(home),
        away: Number(away),
        homeLine: Number(homeLine),
        totalLine: Number(totalLine),
      };
      return [`${date}|${homeTeam}|${awayTeam}`, row];
    }),
  );
}

/** Above 0 the side wins, below it loses. Straight from the file: what is stored with the bet is not asked. */
function advantageOf(side: string, row: Row): number {
  const sides: Record<string, number> = {
    'spread home': row.home + row.homeLine - row.away,
    'spread away': row.away - row.homeLine - row.home,
    'total over': row.home + row.away - row.totalLine,
    'total under': row.totalLine - row.home - row.away,
    'moneyline home': row.home - row.away,
    'moneyline away': row.away - row.home,
  };
  return sides[side] ?? NaN;
}

/** Whole dollars and cents by long division, digit by digit of the rule: 100 wins the odds, or the odds win 100. */
function winningsOf(odds: number): number {
  const [wins, on] = odds > 0 ? [odds, 100] : [100, -odds];
  const product = STAKE_CENTS * wins;
  return (product - (product % on)) / on;
}

async function storedBets(db: Database): Promise<StoredBet[]> {
  const { rows } = await db.query<StoredBet>(
    `select bet.*, game_date::text as date, home_team, away_team
     from picks.bet join picks.game on game.id = game_id`,
  );
  return rows;
}

/** Every bet and every bankroll that is not what the file says it must be. */
async function differences(db: Database): Promise<string[]> {
  const file = readFileAgain();
  const found: string[] = [];
  const balances = new Map<string, number>();
  for (const bet of await storedBets(db)) {
    const row = file.get(`${bet.date}|${bet.home_team}|${bet.away_team}`);
    const advantage = row ? advantageOf(`${bet.market} ${bet.side}`, row) : NaN;
    const [state, profit] =
      advantage > 0
        ? ['won', winningsOf(bet.odds)]
        : advantage < 0
          ? ['lost', -STAKE_CENTS]
          : ['pushed', 0];
    if (Number.isNaN(advantage) || bet.state !== state || bet.profit_cents !== profit) {
      found.push(`${bet.id}: ${bet.state} ${bet.profit_cents}, and it must be ${state} ${profit}`);
    }
    balances.set(bet.player_id, (balances.get(bet.player_id) ?? 100_000) + profit);
  }
  const bankrolls = await db.query<{
    player_id: string;
    balance_cents: number;
    open_stakes_cents: number;
  }>('select player_id, balance_cents, open_stakes_cents from picks.bankroll');
  for (const {
    player_id: player,
    balance_cents: balance,
    open_stakes_cents: open,
  } of bankrolls.rows) {
    if (balance !== balances.get(player) || open !== 0) {
      found.push(
        `${player}: ${balance} and ${open} open, and it must be ${balances.get(player)} and 0`,
      );
    }
  }
  return found;
}

describe.skipIf(!existsSync(FILE))(
  `the 2,626 games of ${PATH} (skipped where there is no such file)`,
  () => {
    anyBackend('are settled', (fresh) => {
      it('as an independent reading of the file says, to the cent, once', async () => {
        const db = await fresh({ packs: [picks] });
        expect(await importGames(db, { path: FILE })).toEqual({
          games: 2_626,
          inserted: 2_626,
          updated: 0,
          unchanged: 0,
        });
        expect(await importGames(db, { path: FILE })).toMatchObject({
          inserted: 0,
          updated: 0,
          unchanged: 2_626,
        });
        const placed = await placeBets(db, { stakeCents: STAKE_CENTS, everySide: true });
        expect(placed).toEqual({
          bets: 15_756,
          games: 2_626,
          players: 158,
          stakedCents: 15_756_000,
        });

        const { result, events } = await runSettlement(db);
        expect(result).toMatchObject({
          affected: 15_756,
          details: { games: 2_626, pushed: 250, errorCount: 0 },
        });
        expect(events).toHaveLength(2_626);
        expect(await differences(db)).toEqual([]);
        const pushes = await valuesOf(
          db,
          `select market || ' ' || count(distinct game_id) from picks.bet where state = 'pushed' group by market order by 1`,
        );
        expect(pushes).toEqual(['moneyline 8', 'spread 80', 'total 37']);

        const before = await contents(db);
        expect(
          (await runSettlement(db, {}, new Date('2026-11-22T11:00:00Z'))).result.affected,
        ).toBe(0);
        expect(await placeBets(db, { stakeCents: STAKE_CENTS, everySide: true })).toMatchObject({
          bets: 0,
        });
        expect(await importGames(db, { path: FILE })).toMatchObject({ unchanged: 2_626 });
        expect(await contents(db)).toEqual(before);

        // The reading itself: it finds a bet and a bankroll that are not what they must be.
        await db.query(
          `update picks.bet set state = 'pushed', profit_cents = 0
           where id = '2010-09-12-cleveland-browns-at-tampa-bay-buccaneers/spread/home/1'`,
        );
        await db.query(
          `update picks.bankroll set balance_cents = balance_cents + 1 where player_id = 'player-0100'`,
        );
        expect(await differences(db)).toHaveLength(2);
      });
    });
  },
);
