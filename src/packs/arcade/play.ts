import { createHash } from 'node:crypto';
import { seededRandom } from '../../engine/base/random.ts';
import { GAMES, type Game } from './game.ts';

/** A paid game. */
export interface PlannedGame {
  readonly sessionId: string;
  readonly game: Game;
  readonly playerAddress: string;
  readonly paymentTx: string;
  readonly amountMicroUsdc: number;
  readonly paidAt: Date;
  /** Null if the player leaves, so that the game has no score. */
  readonly end: { readonly score: number; readonly at: Date } | null;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const FEES_MICRO_USDC: Record<Game, number> = {
  snake: 100_000,
  tetris: 200_000,
  pong: 100_000,
  breakout: 150_000,
  space_invaders: 250_000,
};
/** Hours with more play, in UTC. */
const BUSY_HOURS = [12, 13, 17, 18, 19, 20, 21, 22];
/** The share of a day's games in each busy hour, and in each other hour. */
const BUSY_PART = 0.09;
const QUIET_PART = 0.0175;
const GAMES_PER_PLAYER_AND_DAY = 0.4;
const LEFT_SHARE = 0.05;

/**
 * The games that this many players pay for in the hour from `start`, reproducible by seed. `week` is the Monday. On Wednesday
 * nobody plays pong, on Thursday all breakout players leave, and on Friday the best tetris scores tie.
 */
export function gamesFrom(start: Date, week: Date, players: number, seed: string): PlannedGame[] {
  const random = seededRandom(`${seed} hour ${start.getTime()}`);
  const part = BUSY_HOURS.includes(start.getUTCHours()) ? BUSY_PART : QUIET_PART;
  const expected = players * GAMES_PER_PLAYER_AND_DAY * part;
  const count = Math.floor(expected + random());
  const day = Math.floor((start.getTime() - week.getTime()) / DAY_MS);
  return Array.from({ length: count }, (_, index) => {
    const game = GAMES[Math.floor(random() * GAMES.length)] ?? 'snake';
    const player = Math.floor(random() * players);
    const minute = Math.floor(random() * 44);
    const minutes = 1 + Math.floor(random() * 15);
    // A product of two draws, so that high scores are rare.
    const score = 100 * Math.floor(100 * random() * random());
    const isLeft = random() < LEFT_SHARE || (day === 3 && game === 'breakout');
    return planned(`${start.toISOString().slice(0, 13)}-${index}`, seed, {
      game,
      player,
      paidAt: new Date(start.getTime() + minute * MINUTE_MS),
      minutes: isLeft ? null : minutes,
      score: day === 4 && game === 'tetris' ? Math.min(score, 2_000) : score,
    });
  }).filter(({ game }) => !(day === 2 && game === 'pong'));
}

/** A few games on each of the old days whose leaderboards become due for the archive during the week. */
export function oldGames(week: Date, players: number, seed: string): PlannedGame[] {
  const ages = [96, 95, 94, 93, 92, 91, 90, 89, 88];
  return ages.flatMap((age) => {
    const random = seededRandom(`${seed} old ${age}`);
    const noon = week.getTime() - age * DAY_MS + 12 * HOUR_MS;
    return Array.from({ length: 1 + Math.floor(random() * 4) }, (_, index) =>
      planned(`old-${age}-${index}`, seed, {
        game: GAMES[Math.floor(random() * GAMES.length)] ?? 'snake',
        player: Math.floor(random() * players),
        paidAt: new Date(noon + index * HOUR_MS),
        minutes: 10,
        score: 100 * Math.floor(100 * random()),
      }),
    );
  });
}

interface Shape {
  game: Game;
  player: number;
  paidAt: Date;
  minutes: number | null;
  score: number;
}

function planned(name: string, seed: string, shape: Shape): PlannedGame {
  const { game, player, paidAt, minutes, score } = shape;
  return {
    sessionId: `game-${name}`,
    game,
    playerAddress: hex(`${seed} player ${player}`, 40),
    paymentTx: hex(`${seed} payment ${name}`, 64),
    amountMicroUsdc: FEES_MICRO_USDC[game],
    paidAt,
    end: minutes === null ? null : { score, at: new Date(paidAt.getTime() + minutes * MINUTE_MS) },
  };
}

function hex(text: string, digits: number): string {
  return `0x${createHash('sha256').update(text).digest('hex').slice(0, digits)}`;
}
