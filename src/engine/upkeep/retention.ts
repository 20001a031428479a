import { setTimeout as sleep } from 'node:timers/promises';
import type { Database, Queryable, Transaction } from '../../database/database.ts';
import { sqlstateOf } from '../../database/error-kind.ts';
import { rollUpAll } from '../statistics/roll-up.ts';
import { BLOCK } from '../statistics/sql.ts';
import { cancel } from '../transitions/cancel.ts';
import { forgetTicks, forgetWorkers } from './forget.ts';

/** A part of the history spans at most a tenth of the time to keep, so it is dropped at most that much late. */
const PARTS_KEPT = 10;
/**
 * While a table lock is waited for, later queries on the table queue up behind it. Far below `deadlock_timeout`, so a round
 * that would deadlock with others gives way before the server ends one of them.
 */
const LOCK_TIMEOUT = '100ms';
const LOCK_TRIES = { part: 5, history: 50 };
const BETWEEN_TRIES_MS = 200;
const LOCK_NOT_AVAILABLE = '55P03';
const BATCH = 1_000;

/** What one round of retention did. */
export interface Retention {
  /** Failed jobs that were not retried or cancelled within the time to keep. */
  cancelled: number;
  /** Parts of the history, of 10,000,000 ids each. */
  dropped: number;
  /** Parts that nobody needs, but that other transactions were using. The next round drops them. */
  inUse: number;
}

/** Creates the part of the history for the next jobs, if it is missing. */
export async function extendHistory(db: Queryable): Promise<void> {
  await db.query('select humdrum.extend_history()');
}

/**
 * Drops the parts of the history whose jobs all ended longer than `keepMs` ago. A part that is still needed stays, and the
 * later ones go. Starts a new part at regular intervals, so that old ones become droppable. The workers and ticks that no job
 * names any more go too. The audit stays.
 */
export async function dropHistory(
  db: Database,
  { keepMs, actor }: { keepMs: number; actor: string },
): Promise<Retention> {
  const cancelled = await cancelOldFailed(db, keepMs, actor);
  await beginPart(db, keepMs / PARTS_KEPT);
  await rollUpAll(db); // The statistics stay, and are computed from the rows that are about to be dropped.
  const round = { cancelled, dropped: 0, inUse: 0 };
  const parts = await unneededParts(db, keepMs);
  for (const [at, part] of parts.entries()) {
    const end = await db.transaction((tx) => dropPart(tx, part, { keepMs, actor }));
    if (end === 'dropped') round.dropped += 1;
    if (end === 'part-in-use') round.inUse += 1;
    if (end === 'history-in-use') return { ...round, inUse: round.inUse + parts.length - at };
  }
  await forgetWorkers(db, keepMs);
  await forgetTicks(db, keepMs);
  return round;
}

/** What `dropHistory` would do. Reads only. */
export async function previewRetention(db: Queryable, keepMs: number): Promise<Retention> {
  const { rows } = await db.query<{ cancelled: number }>(
    `select count(*) as cancelled from humdrum.failed where ${FAILED_LONG_AGO}`,
    [keepMs],
  );
  const parts = await unneededParts(db, keepMs);
  return { cancelled: rows[0]?.cancelled ?? 0, dropped: parts.length, inUse: 0 };
}

const FAILED_LONG_AGO = `failed_at < humdrum.clock() - $1 * interval '1 millisecond'`;

async function cancelOldFailed(db: Queryable, keepMs: number, actor: string): Promise<number> {
  let cancelled = 0;
  for (;;) {
    const { rows } = await db.query<{ id: number }>(
      `select job_id as id from humdrum.failed
       where ${FAILED_LONG_AGO} order by failed_at limit ${BATCH}`,
      [keepMs],
    );
    if (rows.length === 0) return cancelled;
    const reason = 'it failed longer ago than history is kept';
    const ids = rows.map(({ id }) => id);
    cancelled += (await cancel(db, ids, { actor, reason })).length;
  }
}

const BEGIN_PART = `
select setval('humdrum.job_id', (last_value / humdrum.history_width() + 1) * humdrum.history_width(), false)
from humdrum.job_id
where (
  select created_at from humdrum.job where id >= last_value / humdrum.history_width() * humdrum.history_width()
  order by id limit 1
) < humdrum.clock() - $1 * interval '1 millisecond'`;

/** Advances the ids to the next part if this one began long ago. Locked: two processes must not move the sequence back. */
async function beginPart(db: Database, everyMs: number): Promise<void> {
  await db.transaction(async (tx) => {
    await tx.query('select pg_advisory_xact_lock(1215652197)');
    await tx.query(BEGIN_PART, [everyMs]);
    await extendHistory(tx);
  });
}

/** The parts that get no new jobs, oldest first. */
async function closedParts(db: Queryable): Promise<number[]> {
  const { rows } = await db.query<{ part: number }>(
    `select substr(relname, 5)::bigint as part from pg_class, humdrum.job_id
     where relnamespace = 'humdrum'::regnamespace and relname ~ '^job_[0-9]+$' and relkind = 'r'
       and substr(relname, 5)::bigint < last_value / humdrum.history_width() order by 1`,
  );
  return rows.map(({ part }) => part);
}

/** A part that is still needed is not locked at all. */
async function unneededParts(db: Queryable, keepMs: number): Promise<number[]> {
  const unneeded: number[] = [];
  for (const part of await closedParts(db)) {
    if (!(await isNeeded(db, part, keepMs))) unneeded.push(part);
  }
  return unneeded;
}

async function isNeeded(db: Queryable, part: number, keepMs: number): Promise<boolean> {
  const { rows } = await db.query<{ needed: boolean }>(STILL_NEEDED, [part, keepMs]);
  return rows[0]?.needed !== false;
}

// A job that has ended never becomes open again. An open delivery still needs the effects of its job.
const STILL_NEEDED = `
with span as (select $1::bigint * humdrum.history_width() as low, ($1 + 1) * humdrum.history_width() - 1 as high),
open as (
  select job_id from humdrum.ready union all select job_id from humdrum.later union all select job_id from humdrum.parked
  union all select job_id from humdrum.failed union all select unnest(jobs) from humdrum.lease
)
select exists (
  select from open, span where job_id between low and high
) or exists (
  select from open join humdrum.job on job.id = open.job_id, span
  where job.queue = 'effects' and job.input ->> 'job' ~ '^[0-9]{1,18}$'
    and (job.input ->> 'job')::bigint between low and high
) or exists (
  select from humdrum.attempt, span
  where job_id between low and high and finished_at >= humdrum.clock() - $2 * interval '1 millisecond'
) or exists (
  select from humdrum.cancellation, span
  where job_id between low and high and cancelled_at >= humdrum.clock() - $2 * interval '1 millisecond'
) as needed`;

const DESCRIBE = `
select 'history of the jobs ' || min(id) || ' to ' || max(id) || ', created from ' || min(created_at) || ' to '
  || max(created_at) as reason
from humdrum.job where id >= $1::bigint * humdrum.history_width() and id < ($1 + 1) * humdrum.history_width()`;

const DELETE_BLOCKS = `
delete from humdrum.job_block
where block >= $1::bigint * humdrum.history_width() / ${BLOCK} and block < ($1 + 1) * humdrum.history_width() / ${BLOCK}`;

/**
 * Scans the part while only its writers have to wait, and takes it away from all others at the very end. A transaction that
 * has enqueued into the part and is still open keeps it in use.
 */
async function dropPart(
  tx: Transaction,
  part: number,
  { keepMs, actor }: { keepMs: number; actor: string },
): Promise<'dropped' | 'needed' | 'part-in-use' | 'history-in-use'> {
  if (!(await isOnlyRound(tx))) return 'history-in-use';
  await tx.query(`set local lock_timeout = '${LOCK_TIMEOUT}'`);
  const { rows: found } = await tx.query<{ there: boolean }>(
    'select humdrum.has_history($1) as there',
    [part],
  );
  if (!found[0]?.there) return 'needed'; // Another round has dropped it.
  // Only who owns the tables may lock and drop them. These functions run with the owner's rights.
  if (!(await lock(tx, 'select humdrum.lock_part($1)', part, LOCK_TRIES.part))) {
    return 'part-in-use';
  }
  if (await isNeeded(tx, part, keepMs)) return 'needed';
  const { rows } = await tx.query<{ reason: string | null }>(DESCRIBE, [part]);
  if (!(await lock(tx, 'select humdrum.lock_history($1)', part, LOCK_TRIES.history))) {
    return 'history-in-use';
  }
  await tx.query(DELETE_BLOCKS, [part]);
  const reason = rows[0]?.reason ?? `part ${part} of the history, empty`;
  await tx.query('select humdrum.drop_part($1, $2, $3)', [part, actor, reason]);
  return 'dropped';
}

async function isOnlyRound(tx: Transaction): Promise<boolean> {
  const { rows } = await tx.query<{ mine: boolean }>(
    'select pg_try_advisory_xact_lock(1215652198) as mine',
  );
  return rows[0]?.mine === true;
}

/** Returns false if others used the tables all the time. */
async function lock(
  tx: Transaction,
  statement: string,
  part: number,
  most: number,
): Promise<boolean> {
  for (let tries = 1; tries <= most; tries += 1) {
    try {
      await tx.savepoint((inner) => inner.query(statement, [part]));
      return true;
    } catch (error) {
      if (sqlstateOf(error) !== LOCK_NOT_AVAILABLE) throw error;
      await sleep(BETWEEN_TRIES_MS * (0.5 + Math.random()));
    }
  }
  return false;
}
