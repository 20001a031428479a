import type { Place } from '../../packs/quiz/page-queries.ts';
import type { ResetLeaderboardResult, UpdateStreaksResult } from '../../packs/quiz/index.ts';
import { quiz } from '../../packs/quiz/index.ts';
import { archivedWeek, enterPlayers, playTries } from '../../packs/quiz/play-queries.ts';
import { quizPlay } from '../../packs/quiz/play.ts';
import type { TestHumdrum } from '../../testing/index.ts';
import { Days } from './days.ts';
import { hoursIn, WEEK, type Ran, type Story } from './simulate.ts';

export interface QuizDay {
  date: string;
  players: number;
  quizzes: number;
  xp: number;
  /** Quizzes that could not start because no life was left. */
  withoutLife: number;
  livesLost: number;
  livesGiven: number;
  /** Abandoned sessions that timed out. */
  abandoned: number;
  streaksBroken: number;
  streaksSaved: number;
}

export interface QuizWeek {
  days: QuizDay[];
  /** The weekly board. */
  board: {
    /** The board archived on Monday, 00:00. */
    before: Place[];
    archived: number;
    /** The best score right after the reset. */
    bestAfterReset: number;
    /** The board at the end of the demo. */
    after: Place[];
  };
}

const HALF_HOUR_MS = 1_800_000;
const PLACES = 5;
const RESET_AT = hoursIn(7 * 24);

interface Line extends Omit<QuizDay, 'players' | 'date'> {
  played: Set<string>;
}

export function quizStory(players: number, seed: string): Story<QuizWeek> {
  const play = quizPlay(players, seed, WEEK);
  const days = new Days<Line>(() => ({
    played: new Set(),
    quizzes: 0,
    xp: 0,
    withoutLife: 0,
    livesLost: 0,
    livesGiven: 0,
    abandoned: 0,
    streaksBroken: 0,
    streaksSaved: 0,
  }));
  const reset = { archived: 0, bestAfterReset: 0 };
  return {
    pack: quiz,
    begin: WEEK,
    stepMs: HALF_HOUR_MS,
    prepare: ({ database }) => enterPlayers(database, play.players),
    async play({ database }, start) {
      const tries = play.triesFrom(start);
      const line = days.on(start);
      if (tries.length === 0) return;
      const { userIds, finished, refused, livesLost, xp } = await playTries(database, tries);
      for (const id of userIds) line.played.add(id);
      line.quizzes += finished;
      line.withoutLife += refused;
      line.livesLost += livesLost;
      line.xp += xp;
    },
    async ran(at, ran, humdrum) {
      for (const one of ran) add(days.on(at), one);
      if (at.getTime() !== RESET_AT.getTime()) return;
      const [best] = await topOfWeek(humdrum, 1);
      reset.bestAfterReset = best?.score ?? 0;
      for (const { type, result } of ran) {
        if (type !== 'quiz.reset-weekly-leaderboard' || result === null) continue;
        reset.archived = (result as unknown as ResetLeaderboardResult).affected;
      }
    },
    async tell(humdrum) {
      const before = await archivedWeek(humdrum.database, WEEK, PLACES);
      const board = { before, ...reset, after: await topOfWeek(humdrum, PLACES) };
      const lines = days.all().map(({ played, ...line }) => ({ ...line, players: played.size }));
      return { days: lines, board };
    },
  };
}

function add(line: Line, { type, result }: Ran): void {
  if (result === null) return;
  const { affected, details } = result as unknown as UpdateStreaksResult;
  if (type === 'quiz.regenerate-lives') line.livesGiven += affected;
  if (type === 'quiz.expire-sessions') line.abandoned += affected;
  if (type !== 'quiz.update-streaks') return;
  line.streaksBroken += details.broken;
  line.streaksSaved += details.protected;
}

async function topOfWeek({ database }: TestHumdrum, places: number): Promise<Place[]> {
  const leaderboard = quiz.openLeaderboard(database);
  try {
    return await leaderboard.top('weekly', places);
  } finally {
    leaderboard.close();
  }
}
