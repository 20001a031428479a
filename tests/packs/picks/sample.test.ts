import { describe, expect, it } from 'vitest';
import { picks, sampleGames } from '../../../src/packs/picks/index.ts';
import { anyBackend } from '../../support/databases.ts';
import { contents, importLines, runSettlement, valuesOf } from './support.ts';

describe('the sample games', () => {
  const games = sampleGames({ seasons: 10, seed: 'picks sample' });
  const final = games.filter(({ state }) => state === 'final');
  const margin = final.map(({ homeScore, awayScore }) => (homeScore ?? NaN) - (awayScore ?? NaN));
  const total = final.map(({ homeScore, awayScore }) => (homeScore ?? NaN) + (awayScore ?? NaN));

  it('are the same for the same seed, and others for another', () => {
    expect(sampleGames({ seasons: 10, seed: 'picks sample' })).toEqual(games);
    expect(sampleGames({ seasons: 10, seed: 'another' })).not.toEqual(games);
  });

  it('are 256 a season, no two of them the same, each team once a week', () => {
    expect(games).toHaveLength(2_560);
    expect(new Set(games.map(({ id }) => id)).size).toBe(2_560);
    const places = games.flatMap(({ season, week, homeTeam, awayTeam }) => [
      `${season} ${week} ${homeTeam}`,
      `${season} ${week} ${awayTeam}`,
    ]);
    expect(new Set(places).size).toBe(5_120);
    expect(new Set(games.map(({ homeTeam }) => homeTeam)).size).toBe(32);
  });

  it('have all that settlement has to deal with', () => {
    const states = new Set(games.map(({ state }) => state));
    expect(states).toEqual(new Set(['final', 'postponed', 'void', 'scheduled']));
    expect(margin.filter((points) => points === 0).length).toBeGreaterThan(0);
    expect(
      final.filter(({ homeLine }, index) => margin[index] === -(homeLine ?? NaN)).length,
    ).toBeGreaterThan(20);
    expect(
      final.filter(({ totalLine }, index) => total[index] === totalLine).length,
    ).toBeGreaterThan(20);
  });

  it('are plausible: about 45 points a game, and lines that the margins scatter around', () => {
    const mean = (numbers: number[]): number =>
      numbers.reduce((sum, n) => sum + n, 0) / numbers.length;
    expect(mean(total)).toBeGreaterThan(42);
    expect(mean(total)).toBeLessThan(49);
    const beyondLine = final.map(
      ({ homeLine }, index) => (margin[index] ?? NaN) + (homeLine ?? NaN),
    );
    expect(Math.abs(mean(beyondLine))).toBeLessThan(1);
    expect(Math.sqrt(mean(beyondLine.map((points) => points ** 2)))).toBeGreaterThan(10);
    expect(Math.sqrt(mean(beyondLine.map((points) => points ** 2)))).toBeLessThan(16);
  });
});

anyBackend('the sample data', (fresh) => {
  it('fills an empty pack once, with bets that settle without an error', async () => {
    const db = await fresh({ packs: [picks] });
    expect(await picks.loadSample(db)).toBe('2,560 games, 15,360 open bets by 308 players');
    const before = await contents(db);
    expect(await picks.loadSample(db)).toBeNull();
    expect(await contents(db)).toEqual(before);
    expect(await valuesOf(db, 'select min(available_cents) >= 0 from picks.bankroll')).toEqual([
      true,
    ]);
    const { result } = await runSettlement(db);
    expect(result.details).toMatchObject({ games: 2_480, errorCount: 0 });
  });

  it('leaves a pack alone that has a game', async () => {
    const db = await fresh({ packs: [picks] });
    await importLines(db, '2019-09-08,Bears,Packers,24,20,-3.5,44');
    expect(await picks.loadSample(db)).toBeNull();
    expect(await valuesOf(db, 'select count(*)::int from picks.game')).toEqual([1]);
  });
});
