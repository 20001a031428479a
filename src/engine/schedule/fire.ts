import type { Queryable } from '../../database/database.ts';
import { seededRandom } from '../base/random.ts';
import type { ScheduledType } from '../job/job-type.ts';
import type { EnqueueSettings } from '../job/new-job.ts';
import type { Runtime } from '../ports/runtime.ts';
import { dueTicks } from './cron.ts';
import { dueNames, msUntilNextTick, namesIfFew, type Schedules } from './next-due.ts';
import { enqueueTicks } from './tick-jobs.ts';

interface DueRow {
  name: string;
  cron: string;
  time_zone: string;
  next_at: Date;
  now: Date;
}

const MAX_DUE = 1_000;

type SchedulerRuntime = Pick<Runtime, 'database' | 'types' | 'limits' | 'vault'>;

/** Enqueues the jobs of all due schedules. Safe to run on many machines at once. A database that is held fires
 * nothing. Returns the number of jobs. */
export async function fireDue(runtime: SchedulerRuntime): Promise<number> {
  const { database, types, limits, vault } = runtime;
  const known = types.scheduled;
  if (known.size === 0) return 0;
  const untilNextMs = await msUntilNextTick(database, known);
  if (untilNextMs === null || untilNextMs > 0) return 0;
  return database.transaction((tx) => fire(tx, known, { limits, vault }));
}

async function fire(tx: Queryable, known: Schedules, settings: EnqueueSettings): Promise<number> {
  const { rows } = await tx.query<DueRow>(
    `select name, cron, time_zone, next_at, clock.now from humdrum.schedule, (select humdrum.clock() as now) as clock
     where name = any ($1) and next_at <= clock.now and not exists (select from humdrum.hold)
     order by next_at limit ${MAX_DUE} for update of schedule skip locked`,
    [namesIfFew(known) ?? (await dueNames(tx, known, MAX_DUE))],
  );
  const due = rows.flatMap(({ name, cron, time_zone: timeZone, next_at: first, now }) => {
    const type = known.get(name);
    // The rule comes from the table: another version of the program may have changed it while this one runs.
    return type ? [{ type, ...dueTicks({ ...type.schedule, cron, timeZone }, first, now) }] : [];
  });
  const ticks = due.flatMap(({ type, run }) =>
    run.map((at) => ({ type, at, dueAt: jittered(type, at) })),
  );
  const enqueued = await enqueueTicks(tx, ticks, { actor: null, ...settings });
  await tx.query(
    `update humdrum.schedule set next_at = due.next_at
     from unnest($1::text[], $2::timestamptz[]) as due (name, next_at) where schedule.name = due.name`,
    [
      due.map(({ type }) => type.type),
      due.map(({ next: nextAt }) => nextAt?.toISOString() ?? 'infinity'),
    ],
  );
  return enqueued.length;
}

/** The jitter is seeded by the tick, so every process that fires it computes the same delay. */
function jittered({ type, schedule }: ScheduledType, tick: Date): Date {
  const random = seededRandom(`jitter:${type}:${tick.toISOString()}`);
  return new Date(tick.getTime() + Math.floor(random() * (schedule.jitterMs + 1)));
}
