import type { Queryable } from '../../database/database.ts';
import { HumdrumError } from '../../errors.ts';
import { readClock } from '../base/clock.ts';
import { type JobType, requireScheduled, type ScheduledType } from '../job/job-type.ts';
import type { Plan } from '../job/plan.ts';
import type { Runtime } from '../ports/runtime.ts';
import { rehearse } from '../rehearse/rehearse.ts';
import { ticksWithin } from './cron.ts';
import { makeTickJobs } from './tick-jobs.ts';

const MAX_TICKS = 10_000;
const MAX_REHEARSALS = 100;

export interface BackfillOptions {
  /** The first and the last instant that may be a tick. Both have passed. */
  from: Date;
  to: Date;
  /** At most so many ticks, the oldest ones. Default: all. */
  limit?: number;
  /** Rehearses the first of the ticks, and makes no job. Each rehearsal starts from what is there now. */
  dryRun?: boolean;
  /** How many of them a dry run rehearses. Default 10, at most 100. */
  rehearsals?: number;
  actor?: string;
  reason?: string | null;
}

export interface Backfill {
  /** The ticks that had no job, oldest first. */
  ticks: Date[];
  /** Their jobs, in the same order; none after a dry run. */
  jobs: number[];
  /** What the first of them would do; none but after a dry run. */
  plans: Plan[];
}

/**
 * Makes a job for each tick of the type's schedule in a range that has none, all or nothing. Its handler sees the tick
 * as now. Two backfills at once, or one beside the scheduler, make one job for a tick. Errors: `input-invalid`.
 */
export async function backfill(
  runtime: Runtime,
  jobType: JobType,
  options: BackfillOptions & { actor: string },
): Promise<Backfill> {
  const { database: db, limits, vault, notify } = runtime;
  const type = requireScheduled(jobType);
  const { limit = MAX_TICKS, dryRun = false, rehearsals = 10, actor, reason = null } = options;
  requireWhole('limit', limit, MAX_TICKS);
  requireWhole('rehearsals', rehearsals, MAX_REHEARSALS);
  requirePast(options, await readClock(db));
  const ticks = await openTicks(db, type, ticksOf(type, options), limit);
  if (dryRun) {
    const plans: Plan[] = [];
    for (const at of ticks.slice(0, rehearsals)) plans.push(await rehearse(runtime, type, {}, at));
    return { ticks, jobs: [], plans };
  }
  const wanted = ticks.map((at) => ({ type, at, dueAt: at }));
  const made = await db.transaction((tx) =>
    makeTickJobs(tx, wanted, { actor, reason, limits, vault }),
  );
  if (made.length > 0) await notify('later');
  return { ticks: made.map(({ at }) => at), jobs: made.map(({ id }) => id), plans: [] };
}

function requireWhole(name: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= most) return;
  throw new HumdrumError(
    'input-invalid',
    `${name} is a whole number from 1 to ${most}, not ${value}.`,
  );
}

function requirePast({ from, to }: BackfillOptions, now: Date): void {
  if (!(from <= to)) {
    throw new HumdrumError(
      'input-invalid',
      'from and to are valid dates, and from is not after to.',
    );
  }
  if (to <= now) return;
  throw new HumdrumError(
    'input-invalid',
    `${to.toISOString()} is still to come: what is backfilled has passed.`,
  );
}

function ticksOf({ type, schedule }: ScheduledType, { from, to }: BackfillOptions): Date[] {
  const ticks = ticksWithin(schedule, from, to, MAX_TICKS + 1);
  if (ticks.length <= MAX_TICKS) return ticks;
  throw new HumdrumError(
    'input-invalid',
    `${type} has more than ${MAX_TICKS} ticks from ${from.toISOString()} to ${to.toISOString()}. Ask for shorter ranges, one after the other.`,
  );
}

/** Those that nobody has made a job for. */
async function openTicks(
  db: Queryable,
  { type }: ScheduledType,
  ticks: readonly Date[],
  limit: number,
): Promise<Date[]> {
  const { rows } = await db.query<{ at: Date }>(
    `select wanted.at from unnest($2::timestamptz[]) as wanted (at)
     where not exists (select from humdrum.tick where tick.schedule = $1 and tick.at = wanted.at)
     order by wanted.at limit $3`,
    [type, ticks.map((at) => at.toISOString()), limit],
  );
  return rows.map(({ at }) => at);
}
