/** The rules once more, row by row and as plainly as the words say them: what the sets of the pack are compared with. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export interface LivesRow {
  user_id: string;
  current_lives: number;
  last_regen_at: Date | null;
  next_regen_at: Date | null;
}

export function regenerate(row: LivesRow, tick: Date): LivesRow {
  if (row.current_lives >= 5 || !row.next_regen_at || row.next_regen_at > tick) return row;
  const lives = row.current_lives + 1;
  return {
    ...row,
    current_lives: lives,
    last_regen_at: tick,
    next_regen_at: lives === 5 ? null : new Date(tick.getTime() + 30 * MINUTE),
  };
}

export interface StreakRow {
  user_id: string;
  current_streak: number;
  last_quiz_at: Date | null;
  protections_remaining: number;
}

export interface Broken {
  userId: string;
  previousStreak: number;
}

/** One midnight. Each run of it is on a day of its own. */
export function updateStreak(
  row: StreakRow,
  midnight: Date,
): { row: StreakRow; broken: Broken | null } {
  const idleMs = row.last_quiz_at ? midnight.getTime() - row.last_quiz_at.getTime() : 0;
  if (row.current_streak === 0 || idleMs <= 48 * HOUR) return { row, broken: null };
  if (row.protections_remaining > 0) {
    return { row: { ...row, protections_remaining: row.protections_remaining - 1 }, broken: null };
  }
  const broken = { userId: row.user_id, previousStreak: row.current_streak };
  return { row: { ...row, current_streak: 0 }, broken };
}

export interface SessionRow {
  id: string;
  user_id: string;
  status: string;
  started_at: Date;
  expires_at: Date;
  completed_at: Date | null;
}

export function expire(row: SessionRow, tick: Date): SessionRow {
  if (row.status !== 'active' || row.expires_at > tick) return row;
  return { ...row, status: 'expired', completed_at: tick };
}

export interface PlayerRow {
  user_id: string;
  xp: number;
  xp_at: Date | null;
}

export interface EventRow {
  user_id: string;
  xp: number;
  at: Date;
}

export interface Placed {
  user_id: string;
  score: number;
  xp_at: Date | null;
  rank: number;
}

/** Points down, then the later XP, then ids by their bytes; who has earned nothing has no time and comes after. */
export function placed(players: readonly PlayerRow[]): Placed[] {
  const sorted = players.toSorted((a, b) => {
    if (a.xp !== b.xp) return b.xp - a.xp;
    const [atA, atB] = [a.xp_at?.getTime() ?? -Infinity, b.xp_at?.getTime() ?? -Infinity];
    if (atA !== atB) return atB - atA;
    return Buffer.compare(Buffer.from(a.user_id), Buffer.from(b.user_id));
  });
  return sorted.map(({ user_id, xp, xp_at }, at) => ({ user_id, score: xp, xp_at, rank: at + 1 }));
}

/** What each player earned from `start` on and before `end`. */
export function earnedIn(
  players: readonly PlayerRow[],
  events: readonly EventRow[],
  start: Date,
  end: Date,
): PlayerRow[] {
  return players.map(({ user_id }) => {
    let xp = 0;
    let xp_at: Date | null = null;
    for (const event of events) {
      if (event.user_id !== user_id || event.at < start || event.at >= end) continue;
      xp += event.xp;
      if (!xp_at || event.at > xp_at) xp_at = event.at;
    }
    return { user_id, xp, xp_at };
  });
}

/** Step by step back to a Monday, or to a first of a month. */
export function startOf(type: 'weekly' | 'monthly', at: Date): Date {
  let day = new Date(at.toISOString().slice(0, 10));
  const isStart = (): boolean =>
    type === 'weekly' ? day.getUTCDay() === 1 : day.getUTCDate() === 1;
  while (!isStart()) day = new Date(day.getTime() - DAY);
  return day;
}
