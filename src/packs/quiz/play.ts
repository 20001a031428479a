import { seededRandom } from '../../engine/base/random.ts';
import { MAX_PROTECTIONS, SESSION_TIMEOUT_MINUTES } from './rules.ts';

export interface Player {
  readonly userId: string;
  readonly username: string;
  readonly streak: number;
  readonly protections: number;
  readonly lastQuizAt: Date;
}

/** A quiz that a player wants to play. Whether a life is left is known only when it starts. */
export interface Try {
  readonly sessionId: string;
  readonly userId: string;
  readonly startedAt: Date;
  /** For an abandoned quiz, when it times out. */
  readonly endedAt: Date;
  readonly outcome: 'passed' | 'failed' | 'left';
  readonly xp: number;
}

export interface QuizPlay {
  readonly players: readonly Player[];
  /** The tries in the half hour from `start`. */
  triesFrom(start: Date): Try[];
}

interface Habit extends Player {
  /** `eagerness`: how often on a day of play. `skill`: chance to pass. `faith`: chance to play on a day. */
  readonly eagerness: number;
  readonly skill: number;
  readonly faith: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const NAMES = ['Ada', 'Bela', 'Cleo', 'Dan', 'Edda', 'Finn', 'Gus', 'Hana', 'Ivo', 'Juno'];
const LONGEST_STREAK = 20;
/** Minutes between tries. All tries of a half hour start within it. */
const TRY_MINUTES = 4;
const MOST_TRIES = 6;

/** Simulates this many players, reproducible by seed. Some play every day, some now and then, most in the evening. */
export function quizPlay(count: number, seed: string, from: Date): QuizPlay {
  const players = Array.from({ length: count }, (_, index) => habitOf(index + 1, seed, from));
  return {
    players,
    triesFrom: (start) => players.flatMap((player) => triesOf(player, seed, start)),
  };
}

function habitOf(number: number, seed: string, from: Date): Habit {
  const random = seededRandom(`${seed} player ${number}`);
  const name = NAMES[Math.floor(random() * NAMES.length)] ?? '';
  return {
    userId: `player-${String(number).padStart(5, '0')}`,
    username: `${name} ${number}`,
    streak: Math.floor(random() * LONGEST_STREAK),
    protections: Math.floor(random() * (MAX_PROTECTIONS + 1)),
    lastQuizAt: new Date(from.getTime() - Math.ceil(random() * 1_440) * MINUTE_MS),
    eagerness: random(),
    skill: 0.4 + random() * 0.5,
    faith: 0.25 + random() * 0.75,
  };
}

function triesOf(player: Habit, seed: string, start: Date): Try[] {
  const day = Math.floor(start.getTime() / DAY_MS);
  if (seededRandom(`${seed} ${player.userId} day ${day}`)() > player.faith) return [];
  const random = seededRandom(`${seed} ${player.userId} at ${start.getTime()}`);
  if (random() > chanceAt(start.getUTCHours()) * (0.5 + player.eagerness)) return [];
  const tries = 1 + Math.floor(random() * player.eagerness * MOST_TRIES);
  return Array.from({ length: tries }, (_, index) => {
    const startedAt = new Date(start.getTime() + (index * TRY_MINUTES + 1) * MINUTE_MS);
    const drawn = random();
    const isLeft = drawn > 0.96;
    const passed = !isLeft && drawn < player.skill;
    const lastsMinutes = isLeft ? SESSION_TIMEOUT_MINUTES : 1 + Math.floor(random() * 3);
    return {
      sessionId: `${player.userId}-${start.getTime() / MINUTE_MS}-${index}`,
      userId: player.userId,
      startedAt,
      endedAt: new Date(startedAt.getTime() + lastsMinutes * MINUTE_MS),
      outcome: isLeft ? 'left' : passed ? 'passed' : 'failed',
      xp: passed ? 10 + 5 * Math.floor(random() * 5) : 0,
    };
  });
}

/** Chance of play by hour: low at night, highest after work. */
function chanceAt(hour: number): number {
  if (hour < 6) return 0.002;
  return hour >= 17 && hour < 22 ? 0.12 : 0.03;
}
