import type { Queryable } from '../../database/database.ts';
import { errorMessage, HumdrumError } from '../../errors.ts';
import { seededRandom } from '../base/random.ts';
import type { ScheduledType } from '../job/job-type.ts';
import type { Runtime } from '../ports/runtime.ts';
import { dueTicks } from './cron.ts';
import { dueNames, msUntilNextTick, namesIfFew } from './next-due.ts';
import { forgetFaults, setAside } from './set-aside.ts';
import { checkTick, enqueueTicks, type Tick } from './tick-jobs.ts';

interface DueRow {
  name: string;
  cron: string;
  time_zone: string;
  next_at: Date;
  now: Date;
}

/** A schedule that is due. `next` null: it has no tick any more. */
interface Due {
  name: string;
  ticks: Tick[];
  next: Date | null;
}

const MAX_DUE = 1_000;

type SchedulerRuntime = Pick<Runtime, 'database' | 'types' | 'limits' | 'vault' | 'onEvent'>;

/**
 * Enqueues the jobs of all due schedules, unless the database is held. Safe to run on many machines at once. Returns the
 * number of jobs. A schedule that
 * cannot be fired is told by `trouble` and set aside; it does not hold up the others.
 */
export async function fireDue(runtime: SchedulerRuntime): Promise<number> {
  const { database, types } = runtime;
  if (types.scheduled.size === 0) return 0;
  const untilNextMs = await msUntilNextTick(database, types.scheduled);
  if (untilNextMs === null || untilNextMs > 0) return 0;
  return database.transaction((tx) => fire(tx, runtime));
}

async function fire(tx: Queryable, runtime: SchedulerRuntime): Promise<number> {
  const known = runtime.types.scheduled;
  const { rows } = await tx.query<DueRow>(
    `select name, cron, time_zone, next_at, clock.now from humdrum.schedule, (select humdrum.clock() as now) as clock
     where name = any ($1) and next_at <= clock.now and not exists (select from humdrum.hold)
     order by next_at limit ${MAX_DUE} for update of schedule skip locked`,
    [namesIfFew(known) ?? (await dueNames(tx, known, MAX_DUE))],
  );
  const due: Due[] = [];
  for (const row of rows) {
    const type = known.get(row.name);
    const one = type && (await dueOf(type, row, runtime));
    if (one) due.push(one);
  }
  const { limits, vault } = runtime;
  const ticks = due.flatMap((one) => one.ticks);
  const enqueued = await enqueueTicks(tx, ticks, { actor: null, limits, vault });
  await tx.query(
    `update humdrum.schedule set next_at = due.next_at, aimed_at = humdrum.clock()
     from unnest($1::text[], $2::timestamptz[]) as due (name, next_at) where schedule.name = due.name`,
    [due.map(({ name }) => name), due.map(({ next }) => next?.toISOString() ?? 'infinity')],
  );
  forgetFaults(
    known,
    due.map(({ name }) => name),
  );
  return enqueued.length;
}

/** Null if this process cannot fire it. The row stays due, for another process or for a corrected rule. */
async function dueOf(
  type: ScheduledType,
  { name, cron, time_zone: timeZone, next_at: first, now }: DueRow,
  { types, limits, vault, onEvent }: SchedulerRuntime,
): Promise<Due | null> {
  try {
    // The rule comes from the table: another version of the program may have changed it while this one runs.
    const { run, next } = dueTicks({ ...type.schedule, cron, timeZone }, first, now);
    const ticks = run.map((at) => ({ type, at, dueAt: jittered(type, at) }));
    if (ticks[0]) await checkTick(ticks[0], { limits, vault });
    return { name, ticks, next };
  } catch (cause) {
    if (setAside(types.scheduled, name, errorMessage(cause))) {
      onEvent({ event: 'trouble', doing: 'firing schedules', error: unfired(name, cause) });
    }
    return null;
  }
}

function unfired(name: string, cause: unknown): HumdrumError {
  return new HumdrumError(
    'type-invalid',
    `The ticks of ${name} are not fired. ${errorMessage(cause)} The other schedules go on. Its rule is in the table humdrum.schedule, and a start of a program with another rule replaces it.`,
    { cause },
  );
}

/** The jitter is seeded by the tick, so every process that fires it computes the same delay. */
function jittered({ type, schedule }: ScheduledType, tick: Date): Date {
  const random = seededRandom(`jitter:${type}:${tick.toISOString()}`);
  return new Date(tick.getTime() + Math.floor(random() * (schedule.jitterMs + 1)));
}
