/**
 * SQL of the clean-up. Pages are read by key, each starting after the previous one, so that rows that cannot be changed are not
 * read again. A change applies to all matching rows between the first and the last key of a set.
 */

import type { Queryable } from '../../database/database.ts';
import type { EntryKey, PoolPeriod } from './game.ts';
import { IS_BETTER } from './queries.ts';

const ABANDONED = `status = 'active' and created_at < $1::timestamptz`;

/** Ids of sessions that have been active since before `startedBefore`. */
export async function abandonedSessions(
  db: Queryable,
  startedBefore: Date,
  afterId: string,
  limit: number,
): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select id from arcade.game_session where ${ABANDONED} and id > $2 order by id limit $3`,
    [startedBefore, afterId, limit],
  );
  return rows.map(({ id }) => id);
}

export interface Ended {
  readonly expired: number;
  readonly deleted: number;
}

/** Marks paid sessions as expired and deletes unpaid ones. */
export async function endSessions(
  db: Queryable,
  startedBefore: Date,
  ids: readonly string[],
  at: Date,
): Promise<Ended> {
  const { rows } = await db.query<Ended>(
    `with expired as (
       update arcade.game_session set status = 'expired', completed_at = $4::timestamptz
       where ${ABANDONED} and id between $2 and $3 and payment_tx is not null
       returning 1
     ), deleted as (
       delete from arcade.game_session
       where ${ABANDONED} and id between $2 and $3 and payment_tx is null
       returning 1
     )
     select (select count(*) from expired)::int as expired, (select count(*) from deleted)::int as deleted`,
    [startedBefore, ids[0], ids.at(-1), at],
  );
  return rows[0] ?? { expired: 0, deleted: 0 };
}

const KEY = 'period, period_date, game_type, player_address';
const KEY_COLUMNS = `period, period_date::text as "periodDate", game_type as game, player_address as "playerAddress"`;
const keyAt = (place: number): string =>
  `($${place}::text, $${place + 1}::date, $${place + 2}::text, $${place + 3}::text)`;
const keyOf = (key: EntryKey): unknown[] => [
  key.period,
  key.periodDate,
  key.game,
  key.playerAddress,
];
const BEFORE_ALL = ['', '-infinity', '', ''];

/** A scalar subquery, because PostgreSQL cannot turn it into a join. A join would read all entries and sessions for each page. */
const IS_ORPHAN = `(select true from arcade.game_session where game_session.id = entry.session_id) is null`;

export async function orphanedEntries(
  db: Queryable,
  after: EntryKey | null,
  limit: number,
): Promise<EntryKey[]> {
  const { rows } = await db.query<EntryKey>(
    `select ${KEY_COLUMNS} from arcade.leaderboard_entry as entry
     where (${KEY}) > ${keyAt(2)} and ${IS_ORPHAN}
     order by ${KEY} limit $1`,
    [limit, ...(after ? keyOf(after) : BEFORE_ALL)],
  );
  return rows;
}

/** Returns the number of rows deleted. */
export async function deleteOrphans(db: Queryable, keys: readonly EntryKey[]): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `with deleted as (
       delete from arcade.leaderboard_entry as entry
       where (${KEY}) >= ${keyAt(1)} and (${KEY}) <= ${keyAt(5)} and ${IS_ORPHAN}
       returning 1
     )
     select count(*)::int as count from deleted`,
    endsOf(keys),
  );
  return rows[0]?.count ?? 0;
}

/**
 * Entries of periods that began before a date, unless their pool is still active and an entry may win it. The period is bounded
 * by row comparisons on both sides: with `period = $1`, each page would scan the index from the period's first entry, across
 * all the deleted ones.
 */
const OLD = `(period, period_date) < ($1::text, $2::date) and not exists (
  select from arcade.prize_pool as pool
  where (pool.game_type, pool.period, pool.period_date) = (entry.game_type, entry.period, entry.period_date)
    and pool.status = 'active'
)`;

export async function oldEntries(
  db: Queryable,
  period: PoolPeriod,
  beganBefore: string,
  after: EntryKey | null,
  limit: number,
): Promise<EntryKey[]> {
  const { rows } = await db.query<EntryKey>(
    `select ${KEY_COLUMNS} from arcade.leaderboard_entry as entry
     where ${OLD} and (${KEY}) > ${keyAt(4)}
     order by ${KEY} limit $3`,
    [period, beganBefore, limit, ...(after ? keyOf(after) : [period, '-infinity', '', ''])],
  );
  return rows;
}

/** Moves entries to the archive. Returns how many. */
export async function archiveEntries(
  db: Queryable,
  period: PoolPeriod,
  beganBefore: string,
  keys: readonly EntryKey[],
  at: Date,
): Promise<number> {
  const columns = `session_id, game_type, player_address, score, ${KEY.split(', ', 2).join(', ')}, created_at`;
  const { rows } = await db.query<{ count: number }>(
    `with moved as (
       delete from arcade.leaderboard_entry as entry
       where ${OLD} and (${KEY}) >= ${keyAt(4)} and (${KEY}) <= ${keyAt(8)}
       returning ${columns}
     ), archived as (
       insert into arcade.leaderboard_archive as entry (${columns}, archived_at)
       select ${columns}, $3::timestamptz from moved
       on conflict (${KEY}) do update
       set session_id = excluded.session_id, score = excluded.score, created_at = excluded.created_at,
           archived_at = excluded.archived_at
       where ${IS_BETTER}
     )
     select count(*)::int as count from moved`,
    [period, beganBefore, at, ...endsOf(keys)],
  );
  return rows[0]?.count ?? 0;
}

/** The first and last key. The keys are sorted. */
function endsOf(keys: readonly EntryKey[]): unknown[] {
  return [keys[0], keys.at(-1)].flatMap((key) => (key ? keyOf(key) : []));
}
