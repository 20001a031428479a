import type { Queryable } from '../../database/database.ts';
import { enqueue } from '../enqueue/enqueue.ts';
import type { ScheduledType } from '../job/job-type.ts';
import type { EnqueuedBy } from '../job/new-job.ts';
import { seedOf } from '../job/seed.ts';

interface Tick {
  type: ScheduledType;
  at: Date;
  dueAt: Date;
}

/**
 * Makes a job for each of these ticks that has none, oldest first, and answers which. A tick is a row, and its key lets
 * one of all who want it have it. Its job draws the same numbers and ids as a rehearsal at that instant.
 */
export async function makeTickJobs(
  tx: Queryable,
  ticks: readonly Tick[],
  by: EnqueuedBy,
): Promise<{ at: Date; id: number }[]> {
  const { rows } = await tx.query<{ place: number }>(
    // In order, so that two who want the same ticks never wait for each other in a circle.
    `with wanted as (
       select * from unnest($1::text[], $2::timestamptz[]) with ordinality as wanted (schedule, at, place)
     ),
     tick as (
       insert into humdrum.tick (schedule, at) select schedule, at from wanted order by schedule, at
       on conflict do nothing returning schedule, at
     )
     select place from wanted join tick using (schedule, at) order by at, place`,
    [ticks.map(({ type }) => type.type), ticks.map(({ at }) => at.toISOString())],
  );
  const mine = rows.flatMap(({ place }) => ticks[place - 1] ?? []);
  const jobs = mine.map(({ type, at, dueAt }) => ({
    type,
    runAt: at,
    dueAt,
    schedule: type.type,
    seed: seedOf(type, {}, at),
    ...OVERLAP[by.actor === null ? type.schedule.overlap : IN_BACKFILL[type.schedule.overlap]],
  }));
  const enqueued = await enqueue(tx, jobs, by);
  const made = mine.map(({ type, at }, place) => ({ type, at, ...enqueued[place] }));
  await noteJobs(
    tx,
    made.filter(({ created }) => created),
  );
  await noteSkipped(
    tx,
    made.filter(({ created }) => !created),
  );
  return made.flatMap(({ at, id, created }) => (created && id !== undefined ? [{ at, id }] : []));
}

const OVERLAP = {
  allow: {},
  queue: { inTurn: true },
  skip: { unique: { key: 'humdrum.overlap' } },
};

/** Whoever asks for ticks of the past wants all of them. */
const IN_BACKFILL = { allow: 'allow', queue: 'queue', skip: 'queue' } as const;

interface Made {
  type: ScheduledType;
  at: Date;
  id?: number;
}

/** Which job each tick made. */
async function noteJobs(tx: Queryable, ticks: readonly Made[]): Promise<void> {
  if (ticks.length === 0) return;
  await tx.query(
    `update humdrum.tick set job_id = made.id from unnest($1::text[], $2::timestamptz[], $3::bigint[]) as made (schedule, at, id)
     where (tick.schedule, tick.at) = (made.schedule, made.at)`,
    [
      ticks.map(({ type }) => type.type),
      ticks.map(({ at }) => at.toISOString()),
      ticks.map(({ id }) => id ?? null),
    ],
  );
}

/** A tick that was skipped made no job: the audit tells why. */
async function noteSkipped(tx: Queryable, ticks: readonly Made[]): Promise<void> {
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
