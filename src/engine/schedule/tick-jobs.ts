import type { Queryable } from '../../database/database.ts';
import { checkRequests, enqueue } from '../enqueue/enqueue.ts';
import type { ScheduledType } from '../job/job-type.ts';
import type { EnqueuedBy, EnqueueSettings, NewJob } from '../job/new-job.ts';
import { seedOf } from '../job/seed.ts';

export interface Tick {
  type: ScheduledType;
  at: Date;
  dueAt: Date;
}

/**
 * Enqueues a job for each tick that has not fired, oldest first, and returns those ticks with their jobs. A tick is a row whose
 * primary key allows one job, whichever process inserts it. The job has the same seed as a rehearsal at that instant.
 */
export async function enqueueTicks(
  tx: Queryable,
  ticks: readonly Tick[],
  by: EnqueuedBy,
): Promise<{ at: Date; id: number }[]> {
  const { rows } = await tx.query<{ ordinal: number }>(
    // Inserted in order, so that two transactions with the same ticks cannot deadlock.
    `with wanted as (
       select * from unnest($1::text[], $2::timestamptz[]) with ordinality as wanted (schedule, at, ordinal)
     ),
     tick as (
       insert into humdrum.tick (schedule, at) select schedule, at from wanted order by schedule, at
       on conflict do nothing returning schedule, at
     )
     select ordinal from wanted join tick using (schedule, at) order by at, ordinal`,
    [ticks.map(({ type }) => type.type), ticks.map(({ at }) => at.toISOString())],
  );
  const mine = rows.flatMap(({ ordinal }) => ticks[ordinal - 1] ?? []);
  const jobs = mine.map((tick) => jobOf(tick, by.actor !== null));
  const enqueued = await enqueue(tx, jobs, by);
  const fired = mine.map(({ type, at }, index) => ({ type, at, ...enqueued[index] }));
  await recordJobs(
    tx,
    fired.filter(({ created }) => created),
  );
  await auditSkipped(
    tx,
    fired.filter(({ created }) => !created),
  );
  return fired.flatMap(({ at, id, created }) => (created && id !== undefined ? [{ at, id }] : []));
}

/** Whether the job of a tick can be enqueued: the type's own functions may throw. Errors: as `enqueue`. */
export async function checkTick(tick: Tick, settings: EnqueueSettings): Promise<void> {
  await checkRequests([jobOf(tick, false)], settings);
}

function jobOf({ type, at, dueAt }: Tick, inBackfill: boolean): NewJob {
  const { overlap } = type.schedule;
  return {
    type,
    runAt: at,
    dueAt,
    schedule: type.type,
    seed: seedOf(type, {}, at),
    ...OVERLAP[inBackfill ? IN_BACKFILL[overlap] : overlap],
  };
}

const OVERLAP = {
  allow: {},
  queue: { inTurn: true },
  skip: { unique: { key: 'humdrum.overlap' } },
};

/** A backfill skips no ticks: the caller wants all of them. */
const IN_BACKFILL = { allow: 'allow', queue: 'queue', skip: 'queue' } as const;

interface FiredTick {
  type: ScheduledType;
  at: Date;
  id?: number;
}

/** Records the job of each tick. */
async function recordJobs(tx: Queryable, ticks: readonly FiredTick[]): Promise<void> {
  if (ticks.length === 0) return;
  await tx.query(
    `update humdrum.tick set job_id = fired.id from unnest($1::text[], $2::timestamptz[], $3::bigint[]) as fired (schedule, at, id)
     where (tick.schedule, tick.at) = (fired.schedule, fired.at)`,
    [
      ticks.map(({ type }) => type.type),
      ticks.map(({ at }) => at.toISOString()),
      ticks.map(({ id }) => id ?? null),
    ],
  );
}

/** Audits the skipped ticks. Their `id` is the open job of an earlier tick. */
async function auditSkipped(tx: Queryable, ticks: readonly FiredTick[]): Promise<void> {
  if (ticks.length === 0) return;
  await tx.query(
    `insert into humdrum.audit (at, event, actor, reason)
     select humdrum.clock(), 'skipped', 'schedule:' || schedule,
       'tick ' || at || ': job ' || open || ' of an earlier one had not ended'
     from unnest($1::text[], $2::text[], $3::bigint[]) as given (schedule, at, open)`,
    [
      ticks.map(({ type }) => type.type),
      ticks.map(({ at }) => at.toISOString()),
      ticks.map(({ id }) => id ?? null),
    ],
  );
}
