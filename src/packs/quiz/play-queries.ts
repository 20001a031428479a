// SQL of a simulated week: players and their quizzes, in sets.

import type { Queryable } from '../../database/database.ts';
import type { Place } from './page-queries.ts';
import type { Player, Try } from './play.ts';
import { LIFE_REGEN_MINUTES, MAX_LIVES, SESSION_TIMEOUT_MINUTES } from './rules.ts';

export async function enterPlayers(db: Queryable, players: readonly Player[]): Promise<void> {
  await db.query(
    `with entered as (
       insert into quiz.player_progress
         (user_id, username, current_streak, longest_streak, protections_remaining, last_quiz_at)
       select user_id, username, streak, streak, protections, last_quiz_at
       from unnest($1::text[], $2::text[], $3::int[], $4::int[], $5::timestamptz[])
         as given (user_id, username, streak, protections, last_quiz_at)
       returning user_id
     )
     insert into quiz.lives (user_id, current_lives) select user_id, ${MAX_LIVES} from entered`,
    [
      players.map(({ userId }) => userId),
      players.map(({ username }) => username),
      players.map(({ streak }) => streak),
      players.map(({ protections }) => protections),
      players.map(({ lastQuizAt }) => lastQuizAt.toISOString()),
    ],
  );
}

/** Results of tries. */
export interface Played {
  /** Players who played at least one quiz. */
  readonly userIds: readonly string[];
  readonly finished: number;
  readonly left: number;
  /** Tries refused because no life was left. */
  readonly refused: number;
  readonly livesLost: number;
  readonly xp: number;
}

/** Plays quizzes. Each failed one costs a life. Players without lives cannot play. */
export async function playTries(db: Queryable, tries: readonly Try[]): Promise<Played> {
  const { rows } = await db.query<Played>(
    `with tried as (
       select given.*, current_lives, coalesce(sum((outcome = 'failed')::int) over (
           partition by user_id order by started_at rows between unbounded preceding and 1 preceding), 0) as lost_before
       from unnest($1::text[], $2::text[], $3::timestamptz[], $4::timestamptz[], $5::text[], $6::int[])
         as given (session_id, user_id, started_at, ended_at, outcome, xp)
       join quiz.lives using (user_id)
     ), played as (
       select * from tried where lost_before < current_lives
     ), begun as (
       insert into quiz.quiz_session (id, user_id, status, started_at, expires_at, completed_at)
       select session_id, user_id, case outcome when 'left' then 'active' else 'completed' end, started_at,
         started_at + interval '${SESSION_TIMEOUT_MINUTES} minutes', case when outcome <> 'left' then ended_at end
       from played
     ), earned as (
       insert into quiz.xp_event (user_id, xp, at) select user_id, xp, ended_at from played where xp > 0
     ), lost as (
       update quiz.lives
       set current_lives = lives.current_lives - failed.times,
         next_regen_at = coalesce(next_regen_at, failed.first_at + interval '${LIFE_REGEN_MINUTES} minutes')
       from (
         select user_id, count(*) as times, min(ended_at) as first_at from played where outcome = 'failed' group by user_id
       ) as failed
       where lives.user_id = failed.user_id
     ), progressed as (
       update quiz.player_progress as player
       set xp = player.xp + done.xp, xp_at = coalesce(done.xp_at, player.xp_at), last_quiz_at = done.last_at,
         current_streak = current_streak + is_new_day, longest_streak = greatest(longest_streak, current_streak + is_new_day)
       from (
         select user_id, sum(xp)::bigint as xp, max(ended_at) filter (where xp > 0) as xp_at, max(ended_at) as last_at
         from played where outcome <> 'left' group by user_id
       ) as done, lateral (
         select (date_trunc('day', done.last_at, 'UTC') > date_trunc('day', player.last_quiz_at, 'UTC'))::int as is_new_day
         from quiz.player_progress as player where player.user_id = done.user_id
       ) as day
       where player.user_id = done.user_id
     )
     select array(select distinct user_id from played order by user_id) as "userIds",
       count(*) filter (where outcome <> 'left')::int as finished, count(*) filter (where outcome = 'left')::int as left,
       (select count(*) from tried where lost_before >= current_lives)::int as refused,
       count(*) filter (where outcome = 'failed')::int as "livesLost", coalesce(sum(xp), 0)::int as xp
     from played`,
    [
      tries.map(({ sessionId }) => sessionId),
      tries.map(({ userId }) => userId),
      tries.map(({ startedAt }) => startedAt.toISOString()),
      tries.map(({ endedAt }) => endedAt.toISOString()),
      tries.map(({ outcome }) => outcome),
      tries.map(({ xp }) => xp),
    ],
  );
  const [played] = rows;
  if (!played) throw new Error('The counting query returned no row.');
  return played;
}

/** The first places of a week that the reset has archived. */
export async function archivedWeek(db: Queryable, start: Date, count: number): Promise<Place[]> {
  const { rows } = await db.query<Place>(
    `select rank, user_id as "userId", username, score from quiz.ranking_archive_entry
     where type = 'weekly' and period_start = $1 order by rank limit $2`,
    [start, count],
  );
  return rows;
}
