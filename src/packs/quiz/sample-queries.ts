// SQL of sample data: sets of generated players, each a function of its number and the seed.

import type { Queryable } from '../../database/database.ts';
import {
  LIFE_REGEN_MINUTES,
  MAX_LIVES,
  MAX_PROTECTIONS,
  SESSION_TIMEOUT_MINUTES,
} from './rules.ts';

/** Players `first` to `last` as of `at`. `seed` is a whole number below 2^31. */
export interface SampleSet {
  readonly first: number;
  readonly last: number;
  readonly seed: number;
  readonly at: Date;
}

export const EVENTS_PER_PLAYER = 3;
/** One of this many players has a session. */
export const PLAYERS_PER_SESSION = 2;

const PRIME = 2_147_483_647;

/** A number from 0 to below `below`, by player number `i`, seed $3 and purpose. Integer arithmetic, so the same everywhere. */
const draw = (purpose: number, below: number): string => {
  const x = `((i * 48271 + ${purpose * 6_962_111} + $3::bigint) % ${PRIME})`;
  return `(${x} * ${x} % ${PRIME} % ${below})`;
};
const number = `lpad(i::text, 7, '0')`;
const userId = `'player-' || ${number}`;
const players = `generate_series($1::bigint, $2::bigint) as i`;
const before = (amount: string, unit: string): string =>
  `$4::timestamptz - ${amount} * interval '1 ${unit}'`;

const xpOf = (event: number): string => `(5 * (1 + ${draw(10 + event, 20)}))`;
const earnedAt = (event: number): string => before(draw(20 + event, 40 * 24 * 60), 'minute');
const events = Array.from({ length: EVENTS_PER_PLAYER }, (_, event) => event);

const values = ({ first, last, seed, at }: SampleSet): unknown[] => [first, last, seed, at];

/** Some players have an overdue streak, and some of those have protections. */
export async function addPlayers(db: Queryable, set: SampleSet): Promise<void> {
  await db.query(
    `insert into quiz.player_progress (user_id, username, xp, xp_at, current_streak, longest_streak, last_quiz_at,
       protections_remaining)
     select ${userId},
       (array['Ada', 'Bela', 'Cleo', 'Dan', 'Edda', 'Finn', 'Gus', 'Hana'])[1 + ${draw(1, 8)}] || ' ' || i,
       ${draw(2, 2_000)} * 5 + ${events.map(xpOf).join(' + ')}, greatest(${events.map(earnedAt).join(', ')}),
       streak, streak + ${draw(3, 10)}, ${before(draw(4, 96 * 60), 'minute')}, ${draw(5, MAX_PROTECTIONS + 1)}
     from ${players}, lateral (select greatest(0, ${draw(6, 50)} - 15) as streak) as drawn`,
    values(set),
  );
}

/** Some players are due a life. */
export async function addLivesOfPlayers(db: Queryable, set: SampleSet): Promise<void> {
  await db.query(
    `insert into quiz.lives (user_id, current_lives, last_regen_at, next_regen_at)
     select ${userId}, lives, next - interval '${LIFE_REGEN_MINUTES} minutes',
       case when lives < ${MAX_LIVES} then next end
     from ${players}, lateral (
       select ${draw(7, MAX_LIVES + 1)} as lives, ${before(`(${draw(8, 50)} - 25)`, 'minute')} as next
     ) as drawn`,
    values(set),
  );
}

/** Most sessions have ended. Some of the others are past their expiry. */
export async function addSessions(db: Queryable, set: SampleSet): Promise<void> {
  await db.query(
    `insert into quiz.quiz_session (id, user_id, status, started_at, expires_at, completed_at)
     select 'session-' || ${number}, ${userId}, status, started, started + interval '${SESSION_TIMEOUT_MINUTES} minutes',
       case status when 'completed' then started + ${draw(9, 9)} * interval '1 minute'
         when 'expired' then started + interval '1 hour' end
     from ${players}, lateral (
       select (array['completed', 'completed', 'completed', 'expired', 'active'])[1 + ${draw(31, 5)}] as status,
         ${before(draw(32, 300), 'minute')} as started
     ) as drawn
     where i % ${PLAYERS_PER_SESSION} = 0`,
    values(set),
  );
}

/** XP earned in the last 40 days. */
export async function addXpEvents(db: Queryable, set: SampleSet): Promise<void> {
  for (const event of events) {
    await db.query(
      `insert into quiz.xp_event (user_id, xp, at) select ${userId}, ${xpOf(event)}, ${earnedAt(event)} from ${players}`,
      values(set),
    );
  }
}

export async function anyPlayer(db: Queryable): Promise<boolean> {
  const { rows } = await db.query(`select from quiz.player_progress limit 1`);
  return rows.length > 0;
}
