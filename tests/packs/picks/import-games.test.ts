import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Database } from '../../../src/database/database.ts';
import { importGames, picks, placeBets } from '../../../src/packs/picks/index.ts';
import {
  lockGamesThatAreOver,
  lockOpenBets,
  recordSettlements,
} from '../../../src/packs/picks/queries.ts';
import { anyBackend, freshFolder } from '../../support/databases.ts';
import {
  contents,
  HEADER,
  importLines,
  NOW,
  one,
  runSettlement,
  threeGamesWithBets,
} from './support.ts';

const BEARS = '2019-09-08-packers-at-bears';

async function stateOf(db: Database, id: string): Promise<unknown> {
  return one(
    db,
    `select state, home_score, away_score, home_line from picks.game where id = '${id}'`,
  );
}

anyBackend('importing games', (fresh) => {
  it('inserts, updates and leaves alone, and says how many', async () => {
    const db = await fresh({ packs: [picks] });
    const first = ['2019-09-08,Bears,Packers,,,-3.5,44', '2019-09-08,Giants,Jets,17,17,2.5,40.5'];
    expect(await importLines(db, ...first)).toEqual({
      games: 2,
      inserted: 2,
      updated: 0,
      unchanged: 0,
    });
    const second = ['2019-09-08,Bears,Packers,24,20,-4,44', '2019-09-15,Bills,Rams,,,-1,38'];
    expect(await importLines(db, ...second, '2019-09-08,Giants,Jets,17,17,2.5,40.5')).toEqual({
      games: 3,
      inserted: 1,
      updated: 1,
      unchanged: 1,
    });
    expect(await stateOf(db, BEARS)).toEqual({
      state: 'final',
      home_score: 24,
      away_score: 20,
      home_line: '-4.0',
    });
  });

  it('stores what the file says, and the odds of the table where it says none', async () => {
    const db = await fresh({ packs: [picks] });
    await importLines(db, '2019-09-08,Bears,Packers,24,20,-3.5,44');
    const game = await one(db, `select game.*, game_date::text from picks.game`);
    expect(game).toEqual({
      id: BEARS,
      season: 2019,
      week: '1',
      game_date: '2019-09-08',
      starts_at: new Date('2019-09-08T18:00:00Z'),
      home_team: 'Bears',
      away_team: 'Packers',
      home_score: 24,
      away_score: 20,
      state: 'final',
      home_line: '-3.5',
      total_line: '44.0',
      home_spread_odds: -110,
      away_spread_odds: -110,
      over_odds: -110,
      under_odds: -110,
      home_moneyline: -175,
      away_moneyline: 148,
      neutral_site: false,
    });
  });

  it('stores nothing of a file with one bad cell', async () => {
    const db = await fresh({ packs: [picks] });
    const before = await contents(db);
    const rows = ['2019-09-08,Bears,Packers,24,20,-3.5,44', '2019-09-15,Bills,Rams,abc,31,-1,38'];
    await expect(importLines(db, ...rows)).rejects.toMatchObject({
      code: 'csv-invalid',
      message: 'games.csv: line 3, column home_score: "abc" is not a whole number from 0 to 200',
    });
    expect(await contents(db)).toEqual(before);
  });

  it('leaves postponed, void and live games what they are where the file has no score', async () => {
    const db = await fresh({ packs: [picks] });
    const row = '2019-09-08,Bears,Packers,,,-3.5,44';
    await importLines(db, row);
    for (const state of ['postponed', 'void', 'live']) {
      await db.query('update picks.game set state = $1, home_score = 7, away_score = 3', [state]);
      expect(await importLines(db, row)).toMatchObject({ unchanged: 1 });
      expect(await stateOf(db, BEARS)).toMatchObject({ state, home_score: 7, away_score: 3 });
    }
    await importLines(db, '2019-09-08,Bears,Packers,24,20,-3.5,44');
    expect(await stateOf(db, BEARS)).toMatchObject({ state: 'final', home_score: 24 });
  });

  it('takes a result back that no bet was settled by', async () => {
    const db = await fresh({ packs: [picks] });
    await importLines(db, '2019-09-08,Bears,Packers,42,20,-3.5,44');
    await placeBets(db, { stakeCents: 1_000, everySide: true });
    expect(await importLines(db, '2019-09-08,Bears,Packers,,,-3.5,44')).toMatchObject({
      updated: 1,
    });
    expect(await stateOf(db, BEARS)).toMatchObject({ state: 'scheduled', home_score: null });
  });

  it('keeps the start of a known game, which the file does not have', async () => {
    const db = await fresh({ packs: [picks] });
    await importLines(db, '2019-09-08,Bears,Packers,,,-3.5,44');
    await db.query(`update picks.game set starts_at = '2019-09-08T20:25Z'`);
    await importLines(db, '2019-09-08,Bears,Packers,24,20,-3.5,44');
    const { starts_at: startsAt } = await one<{ starts_at: Date }>(
      db,
      'select starts_at from picks.game',
    );
    expect(startsAt).toEqual(new Date('2019-09-08T20:25Z'));
  });

  it('refuses to rewrite results that bets were settled by, names each, and stores nothing', async () => {
    const db = await fresh({ packs: [picks] });
    await threeGamesWithBets(db);
    await db.query(`update picks.game set state = 'postponed' where id = $1`, [
      '2019-09-08-jets-at-giants',
    ]);
    await runSettlement(db);
    const before = await contents(db);
    const rows = [
      '2019-09-22,Colts,Titans,,,-3,44',
      '2019-09-08,Bears,Packers,24,27,-3.5,44',
      '2019-09-08,Giants,Jets,17,17,2.5,40.5',
      '2019-09-15,Bills,Rams,,,-1,38',
    ];
    const advice = 'A settled result cannot be changed: correct or remove the line';
    await expect(importLines(db, ...rows)).rejects.toMatchObject({
      code: 'csv-invalid',
      message: [
        `games.csv: line 3: bets on Packers at Bears (${BEARS}) were settled with the result final 24:20, but the file has final 24:27. ${advice}`,
        `games.csv: line 4: bets on Jets at Giants (2019-09-08-jets-at-giants) were settled with the result postponed 17:17, but the file has final 17:17. ${advice}`,
        `games.csv: line 5: bets on Rams at Bills (2019-09-15-rams-at-bills) were settled with the result final 10:31, but the file has scheduled. ${advice}`,
      ].join('\n'),
    });
    expect(await contents(db)).toEqual(before);
  });

  it('takes everything else of a settled game', async () => {
    const db = await fresh({ packs: [picks] });
    await threeGamesWithBets(db);
    await runSettlement(db);
    const { bet } = await contents(db);
    expect(await importLines(db, '2019-09-08,Bears,Packers,24,20,-6,47.5')).toMatchObject({
      updated: 1,
    });
    expect(await stateOf(db, BEARS)).toMatchObject({ home_line: '-6.0' });
    expect((await contents(db))['bet']).toEqual(bet);
  });

  it('does not miss a settlement that commits while it waits', async () => {
    const db = await fresh({ packs: [picks] });
    await threeGamesWithBets(db);
    const settling = await db.begin();
    await lockGamesThatAreOver(settling, [BEARS]);
    const bets = await lockOpenBets(settling, [BEARS], '', 10);
    const refunds = bets.map(({ id }) => ({ id, outcome: 'refunded' as const, profitCents: 0 }));
    await recordSettlements(settling, refunds, NOW);
    const importing = importLines(db, '2019-09-08,Bears,Packers,24,27,-3.5,44');
    importing.catch(() => undefined);
    if (db.backend === 'postgres') await untilSomebodyWaitsForALock(db);
    await settling.commit();
    await expect(importing).rejects.toMatchObject({ code: 'csv-invalid' });
  });

  it('reads a file by its path, and names the file in what it says', async () => {
    const db = await fresh({ packs: [picks] });
    const path = join(await freshFolder(), 'week-1.csv');
    await writeFile(path, `${HEADER}\n2019,1,2019-09-08,Bears,Packers,24,20,-3.5,44,false\n`);
    const told: [done: number, of: number][] = [];
    const imported = await importGames(db, { path }, (...of) => told.push(of));
    expect(imported).toMatchObject({ inserted: 1 });
    expect(told).toEqual([[1, 1]]);
    await writeFile(path, Buffer.from([0xff, 0xfe, 0x00]));
    await expect(importGames(db, { path })).rejects.toMatchObject({
      code: 'csv-invalid',
      message: expect.stringMatching(
        /^week-1\.csv: the file cannot be read as UTF-8 text: /,
      ) as string,
    });
    await expect(importGames(db, { path: `${path}.gz` })).rejects.toMatchObject({
      code: 'csv-invalid',
      message: expect.stringMatching(/ENOENT/) as string,
    });
  });
});

async function untilSomebodyWaitsForALock(db: Database): Promise<void> {
  for (let look = 0; look < 1_000; look += 1) {
    const { rows } = await db.query(
      'select from pg_locks where not granted and pid = any (select pid from pg_stat_activity where datname = current_database())',
    );
    if (rows.length > 0) return;
  }
  throw new Error('Nobody came to wait for a lock.');
}
