import type { Database } from '../../database/database.ts';
import { seededRandom } from '../../engine/base/random.ts';
import { gameId, startOf, type GameRecord } from './game.ts';
import { withTablePrices } from './odds.ts';
import { placeBetsWithin } from './place-bets.ts';
import { anyGame, upsertGames } from './queries.ts';
import type { GameState } from './rules.ts';

const SAMPLE_SEED = 'picks sample';
const SAMPLE_SEASONS = 10;
const SAMPLE_STAKE_CENTS = 2_000;
const FIRST_SEASON = 2017;
const WEEKS = 16;
/** Weeks played in the last season. */
const WEEKS_PLAYED = 11;
const DRIVES = 11;

/** Invented names, so that sample games cannot be confused with real ones imported later. */
const TEAMS = `Arizona Herons, Atlanta Lanterns, Baltimore Anchors, Buffalo Millers, Carolina Foxes,
  Chicago Beacons, Cincinnati Potters, Cleveland Bridges, Dallas Drovers, Denver Peaks,
  Detroit Engines, Green Bay Coopers, Houston Comets, Indianapolis Sprinters,
  Jacksonville Pelicans, Kansas City Fountains, Las Vegas Aces, Los Angeles Meteors,
  Los Angeles Palms, Miami Currents, Minnesota Loons, New England Lamplighters,
  New Orleans Brass, New York Harbors, New York Skylines, Philadelphia Printers,
  Pittsburgh Forges, San Francisco Fogs, Seattle Ferries, Tampa Bay Tides, Tennessee Fiddles,
  Washington Cherries`.split(/,\s+/);

type Random = () => number;

export interface SampleGamesOptions {
  /** Number of seasons from 2017 on, with 256 games each. The final weeks of the last one are not played yet. */
  seasons: number;
  seed: string;
}

/** Generates games. The same options give the same games on every machine. */
export function sampleGames({ seasons, seed }: SampleGamesOptions): GameRecord[] {
  return Array.from({ length: seasons }, (_, index) => {
    const weeksPlayed = index === seasons - 1 ? WEEKS_PLAYED : WEEKS;
    return seasonOf(FIRST_SEASON + index, weeksPlayed, seededRandom(`${seed} ${index}`));
  }).flat();
}

/** Fills an empty pack with ten seasons and an open bet on each side of each market of each game. */
export async function loadSample(db: Database): Promise<string | null> {
  return db.transaction(async (tx) => {
    if (await anyGame(tx)) return null;
    const games = sampleGames({ seasons: SAMPLE_SEASONS, seed: SAMPLE_SEED });
    await upsertGames(tx, games);
    const placed = await placeBetsWithin(tx, { stakeCents: SAMPLE_STAKE_CENTS, everySide: true });
    const [bets, players] = [placed.bets, placed.players].map((n) => n.toLocaleString('en-US'));
    return `${games.length.toLocaleString('en-US')} games, ${bets} open bets by ${players} players`;
  });
}

function seasonOf(season: number, weeksPlayed: number, random: Random): GameRecord[] {
  const strength = new Map(TEAMS.map((team) => [team, (random() + random() + random() - 1.5) * 8]));
  const firstSunday = firstSundayFrom(Date.UTC(season, 8, 7));
  return Array.from({ length: WEEKS }, (_, index) => {
    const teams = shuffled(TEAMS, random);
    return Array.from({ length: teams.length / 2 }, (__, match): GameRecord => {
      const [homeTeam = '', awayTeam = ''] = teams.slice(match * 2, match * 2 + 2);
      const advantage = (strength.get(homeTeam) ?? 0) - (strength.get(awayTeam) ?? 0) + 2;
      const date = addDays(firstSunday, index * 7 + dayOfMatch(match));
      return gameOf(
        { season, week: index + 1, date, homeTeam, awayTeam },
        advantage,
        index < weeksPlayed,
        random,
      );
    });
  }).flat();
}

interface Fixture {
  season: number;
  week: number;
  date: string;
  homeTeam: string;
  awayTeam: string;
}

/** `advantage`: points by which the home team is stronger. */
function gameOf(fixture: Fixture, advantage: number, isPast: boolean, random: Random): GameRecord {
  const { season, week, date, homeTeam, awayTeam } = fixture;
  const expectedTotal = 40 + random() * 11;
  const homeLine = toHalf(-advantage + (random() - 0.5) * 3);
  const totalLine = toHalf(expectedTotal);
  const score = playedOut(expectedTotal, advantage, random);
  const state = isPast ? stateOfPastGame(random) : 'scheduled';
  return {
    id: gameId(date, homeTeam, awayTeam),
    season,
    week: String(week),
    gameDate: date,
    startsAt: startOf(date),
    homeTeam,
    awayTeam,
    homeScore: state === 'final' ? score.home : null,
    awayScore: state === 'final' ? score.away : null,
    state,
    homeLine,
    totalLine,
    ...withTablePrices(homeLine, totalLine),
    neutralSite: random() < 0.015,
  };
}

function stateOfPastGame(random: Random): GameState {
  const draw = random();
  if (draw < 0.001) return 'void';
  return draw < 0.005 ? 'postponed' : 'final';
}

/** Eleven drives per team, each a touchdown, a field goal or nothing. Nine in ten tied games are decided in overtime. */
function playedOut(
  total: number,
  advantage: number,
  random: Random,
): { home: number; away: number } {
  const home = pointsOf((total + advantage) / 2, random);
  const away = pointsOf((total - advantage) / 2, random);
  if (home !== away || random() < 0.1) return { home, away };
  return random() < 0.5 ? { home: home + 3, away } : { home, away: away + 3 };
}

function pointsOf(expected: number, random: Random): number {
  const fieldGoal = 0.16;
  const touchdown = Math.max(0.02, (expected / DRIVES - 3 * fieldGoal) / 7);
  let points = 0;
  for (let drive = 0; drive < DRIVES; drive += 1) {
    const draw = random();
    if (draw < touchdown) points += 7;
    else if (draw < touchdown + fieldGoal) points += 3;
  }
  return points;
}

function shuffled(teams: readonly string[], random: Random): string[] {
  return teams
    .map((team) => ({ team, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ team }) => team);
}

/** Each week has one game on Thursday, one on Monday, and the others on Sunday. */
function dayOfMatch(match: number): number {
  if (match === 0) return -3;
  return match === 1 ? 1 : 0;
}

function firstSundayFrom(dayMs: number): string {
  const weekday = new Date(dayMs).getUTCDay();
  return addDays(new Date(dayMs).toISOString().slice(0, 10), (7 - weekday) % 7);
}

function addDays(date: string, days: number): string {
  return new Date(Date.parse(date) + days * 86_400_000).toISOString().slice(0, 10);
}

/** Adding 0 makes -0 plain zero. */
function toHalf(points: number): number {
  return Math.round(points * 2) / 2 + 0;
}
