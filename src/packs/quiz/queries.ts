/** SQL of lives, streaks and sessions. Each function runs one statement over a set of rows. None is called per row. */

import type { Queryable } from '../../database/database.ts';
import { LIFE_REGEN_MINUTES, MAX_LIVES, STREAK_HOURS } from './rules.ts';

type Count = { readonly count: number };

const countIn = (rows: readonly Count[]): number => rows[0]?.count ?? 0;

/** A range of keys, both ends included. */
export interface Stretch {
  readonly first: string;
  readonly last: string;
}

/** The position of a walk over keys, and the number of keys to read next. */
export interface Page {
  readonly after: string;
  readonly limit: number;
}

async function keys(
  db: Queryable,
  sql: string,
  at: Date,
  { after, limit }: Page,
): Promise<string[]> {
  const { rows } = await db.query<{ key: string }>(sql, [at, after, limit]);
  return rows.map(({ key }) => key);
}

// ------------------------------------------------------------------------------------------------ lives

const LIFE_DUE = `current_lives < ${MAX_LIVES} and next_regen_at <= $1::timestamptz`;

/** Players who are due a life, by id. */
export async function playersDueALife(db: Queryable, now: Date, page: Page): Promise<string[]> {
  const sql = `select user_id as key from quiz.lives where ${LIFE_DUE} and user_id > $2 order by user_id limit $3`;
  return keys(db, sql, now, page);
}

/** Gives a life to each of these players who is due one. Returns how many. */
export async function addLives(
  db: Queryable,
  now: Date,
  { first, last }: Stretch,
): Promise<number> {
  const { rows } = await db.query<Count>(
    `with given as (
       update quiz.lives
       set current_lives = current_lives + 1, last_regen_at = $1::timestamptz,
         next_regen_at = case when current_lives + 1 < ${MAX_LIVES}
           then $1::timestamptz + interval '${LIFE_REGEN_MINUTES} minutes' end
       where ${LIFE_DUE} and user_id >= $2 and user_id <= $3
       returning 1
     )
     select count(*)::int as count from given`,
    [now, first, last],
  );
  return countIn(rows);
}

// ------------------------------------------------------------------------------------------------ streaks

// A protection used since the start of the day covers the whole day: no second one is used and the streak does not break.
const streakIsLate = (day: string): string => `current_streak > 0
  and last_quiz_at < $1::timestamptz - interval '${STREAK_HOURS} hours'
  and (protected_at is null or protected_at < ${day}::timestamptz)`;

/** Players whose last quiz is too long ago, by id. */
export async function playersWithLateStreaks(
  db: Queryable,
  { now, day }: { now: Date; day: Date },
  { after, limit }: Page,
): Promise<string[]> {
  const { rows } = await db.query<{ key: string }>(
    `select user_id as key from quiz.player_progress
     where ${streakIsLate('$4')} and user_id > $2 order by user_id limit $3`,
    [now, after, limit, day],
  );
  return rows.map(({ key }) => key);
}

/** The number of such players after this one. */
export async function countLateStreaks(
  db: Queryable,
  { now, day }: { now: Date; day: Date },
  after: string,
): Promise<number> {
  const { rows } = await db.query<Count>(
    `select count(*)::int as count from quiz.player_progress where ${streakIsLate('$3')} and user_id > $2`,
    [now, after, day],
  );
  return countIn(rows);
}

/** A streak that a protection kept, or that broke. */
export interface StreakDecided {
  readonly userId: string;
  /** The streak before the break. */
  readonly previousStreak: number;
  readonly isProtected: boolean;
}

/** Uses a protection of each of these players, or breaks the streak if none is left. */
export async function decideStreaks(
  db: Queryable,
  { now, day }: { now: Date; day: Date },
  { first, last }: Stretch,
): Promise<StreakDecided[]> {
  const { rows } = await db.query<StreakDecided>(
    `with late as (
       select user_id, current_streak, protections_remaining > 0 as is_protected from quiz.player_progress
       where ${streakIsLate('$4')} and user_id >= $2 and user_id <= $3
       order by user_id for update
     ), decided as (
       update quiz.player_progress as player
       set current_streak = case when is_protected then player.current_streak else 0 end,
         protections_remaining = greatest(protections_remaining - 1, 0),
         protected_at = case when is_protected then $1::timestamptz else protected_at end
       from late where player.user_id = late.user_id
       returning player.user_id, late.current_streak, is_protected
     )
     select user_id as "userId", current_streak as "previousStreak", is_protected as "isProtected"
     from decided order by user_id`,
    [now, first, last, day],
  );
  return rows;
}

// ------------------------------------------------------------------------------------------------ sessions

const SESSION_OVER = `status = 'active' and expires_at <= $1::timestamptz`;

/** Sessions that are past their expiry, by id. */
export async function sessionsToExpire(db: Queryable, now: Date, page: Page): Promise<string[]> {
  const sql = `select id as key from quiz.quiz_session where ${SESSION_OVER} and id > $2 order by id limit $3`;
  return keys(db, sql, now, page);
}

/** The number of such sessions after this one. */
export async function countSessionsToExpire(
  db: Queryable,
  now: Date,
  after: string,
): Promise<number> {
  const { rows } = await db.query<Count>(
    `select count(*)::int as count from quiz.quiz_session where ${SESSION_OVER} and id > $2`,
    [now, after],
  );
  return countIn(rows);
}

export interface ExpiredSession {
  readonly userId: string;
  readonly sessionId: string;
}

/** Expires those of these sessions that are due. Returns them by id. */
export async function expireSessions(
  db: Queryable,
  now: Date,
  { first, last }: Stretch,
): Promise<ExpiredSession[]> {
  const { rows } = await db.query<ExpiredSession>(
    `with expired as (
       update quiz.quiz_session set status = 'expired', completed_at = $1::timestamptz
       where ${SESSION_OVER} and id >= $2 and id <= $3
       returning id, user_id
     )
     select user_id as "userId", id as "sessionId" from expired order by id`,
    [now, first, last],
  );
  return rows;
}
