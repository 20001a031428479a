import type { Queryable } from '../../database/database.ts';
import { errorMessage } from '../../errors.ts';
import { readClock } from '../base/clock.ts';
import { requireWhole } from '../base/whole-number.ts';
import { type JobType, requireScheduled } from '../job/job-type.ts';
import type { Registry } from '../job/registry.ts';
import { nextTick } from '../schedule/cron.ts';
import { describeCron } from '../schedule/describe-cron.ts';

/** The next tick of a schedule. */
export interface NextTick {
  schedule: string;
  cron: string;
  timeZone: string;
  nextAt: Date;
}

/**
 * The next ticks, soonest first, of this process's types without the engine's own. A schedule whose type was removed stays
 * in the table and no longer fires.
 */
export async function nextTicks(db: Queryable, types: Registry, limit = 10): Promise<NextTick[]> {
  const { rows } = await db.query<NextTick>(
    `select name as schedule, cron, time_zone as "timeZone", next_at as "nextAt" from humdrum.schedule
     where isfinite(next_at) and name = any ($1) order by next_at, name limit $2`,
    [types.ownNames(), limit],
  );
  return rows;
}

/** A schedule, with its next tick computed from its rule. `words`: of a rule that cannot be read here, the reason. */
export interface ScheduleSummary {
  schedule: string;
  cron: string;
  words: string;
  timeZone: string;
  nextAt: Date | null;
}

export async function listSchedules(db: Queryable, types: Registry): Promise<ScheduleSummary[]> {
  const now = await readClock(db);
  return [...types.scheduled.values()].map(({ type, schedule }) => {
    const { cron, timeZone } = schedule;
    try {
      const nextAt = nextTick(schedule, now);
      return { schedule: type, cron, words: describeCron(cron), timeZone, nextAt };
    } catch (error) {
      // Such as a time zone that this machine does not know. The others are listed all the same.
      return { schedule: type, cron, words: errorMessage(error), timeZone, nextAt: null };
    }
  });
}

const MAX_UPCOMING = 1_000;

/** The next ticks of a type's schedule, whether or not a worker runs to fire them. Errors: `input-invalid`. */
export async function upcomingTicks(db: Queryable, type: JobType, count: number): Promise<Date[]> {
  const { schedule } = requireScheduled(type);
  requireWhole('count', count, { most: MAX_UPCOMING });
  const ticks: Date[] = [];
  let tick = nextTick(schedule, await readClock(db));
  while (tick && ticks.length < count) {
    ticks.push(tick);
    tick = nextTick(schedule, tick);
  }
  return ticks;
}
