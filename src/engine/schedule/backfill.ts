import type { Queryable } from '../../database/database.ts';
import { HumdrumError } from '../../errors.ts';
import { readClock } from '../base/clock.ts';
import { type JobType, requireScheduled, type ScheduledType } from '../job/job-type.ts';
import type { Plan } from '../job/plan.ts';
import type { Runtime } from '../ports/runtime.ts';
import { rehearse } from '../rehearse/rehearse.ts';
import { ticksWithin } from './cron.ts';
import { enqueueTicks } from './tick-jobs.ts';

export const MAX_TICKS = 10_000;
export const MAX_REHEARSALS = 100;

export interface BackfillOptions {
  /** The range of ticks, both ends included. Neither may be in the future. */
  from: Date;
  to: Date;
  /** The maximum number of ticks; the oldest come first. Default: all, up to 10,000. */
  limit?: number;
  /** Rehearses the first ticks and enqueues no jobs. Each rehearsal runs on the current data. */
  dryRun?: boolean;
  /** How many ticks a dry run rehearses. Default 10, at most 100. */
  rehearsals?: number;
  actor?: string;
  reason?: string | null;
}

export interface Backfill {
  /** The ticks that had not fired, oldest first. */
  ticks: Date[];
  /** The ids of their jobs, in the same order. Empty after a dry run. */
  jobs: number[];
  /** The plans of the first ticks. Empty unless a dry run. */
  plans: Plan[];
}

/**
 * Enqueues a job for each tick in the range that has not fired: all of them or none. The tick is the handler's `ctx.now`.
 * Concurrent backfills, or one beside the scheduler, enqueue one job per tick. Errors: `input-invalid`.
 */
export async function backfill(
  runtime: Runtime,
  jobType: JobType,
  options: BackfillOptions & { actor: string },
): Promise<Backfill> {
  const { database: db, limits, vault, notify } = runtime;
  const type = requireScheduled(jobType);
  const { limit = MAX_TICKS, dryRun = false, rehearsals = 10, actor, reason = null } = options;
  requirePast(options, await readClock(db));
  const ticks = await unfiredTicks(db, type, ticksOf(type, options), limit);
  if (dryRun) {
    const plans: Plan[] = [];
    for (const at of ticks.slice(0, rehearsals)) plans.push(await rehearse(runtime, type, {}, at));
    return { ticks, jobs: [], plans };
  }
  const wanted = ticks.map((at) => ({ type, at, dueAt: at }));
  const enqueued = await db.transaction((tx) =>
    enqueueTicks(tx, wanted, { actor, reason, limits, vault }),
  );
  if (enqueued.length > 0) await notify('later');
  return { ticks: enqueued.map(({ at }) => at), jobs: enqueued.map(({ id }) => id), plans: [] };
}

function requirePast({ from, to }: BackfillOptions, now: Date): void {
  if (!(from <= to)) {
    throw new HumdrumError('input-invalid', 'from must not be after to.');
  }
  if (to <= now) return;
  throw new HumdrumError(
    'input-invalid',
    `${to.toISOString()} is in the future: only past ticks can be backfilled.`,
  );
}

function ticksOf({ type, schedule }: ScheduledType, { from, to }: BackfillOptions): Date[] {
  const ticks = ticksWithin(schedule, from, to, MAX_TICKS + 1);
  if (ticks.length <= MAX_TICKS) return ticks;
  throw new HumdrumError(
    'input-invalid',
    `${type} has more than ${MAX_TICKS} ticks from ${from.toISOString()} to ${to.toISOString()}. Backfill shorter ranges, one after another.`,
  );
}

async function unfiredTicks(
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
