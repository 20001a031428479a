import type { Queryable } from '../../database/database.ts';
import { HumdrumError } from '../../errors.ts';
import { readClock } from '../base/clock.ts';
import { type JobType, requireScheduled } from '../job/job-type.ts';
import type { Registry } from '../job/registry.ts';
import { nextTick } from '../schedule/cron.ts';
import { describeCron } from '../schedule/describe-cron.ts';

/** What is due to come: the next tick of each schedule, soonest first. */
export interface NextTick {
  schedule: string;
  cron: string;
  timeZone: string;
  nextAt: Date;
}

/** Of the types given here, not of the engine's own. A schedule whose type is gone stays in the table, and fires no more. */
export async function nextTicks(db: Queryable, types: Registry, limit = 10): Promise<NextTick[]> {
  const { rows } = await db.query<NextTick>(
    `select name as schedule, cron, time_zone as "timeZone", next_at as "nextAt" from humdrum.schedule
     where isfinite(next_at) and name = any ($1) order by next_at, name limit $2`,
    [types.ownNames(), limit],
  );
  return rows;
}

/** A schedule as its rule says it, with the next tick from now on. */
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
    const words = describeCron(cron);
    return { schedule: type, cron, words, timeZone, nextAt: nextTick(schedule, now) };
  });
}

const MAX_UPCOMING = 1_000;

/** The next ticks of a type's schedule, whether anybody is there to fire them or not. Errors: `input-invalid`. */
export async function upcomingTicks(db: Queryable, type: JobType, count: number): Promise<Date[]> {
  const { schedule } = requireScheduled(type);
  if (!Number.isInteger(count) || count < 1 || count > MAX_UPCOMING) {
    throw new HumdrumError(
      'input-invalid',
      `count is a whole number from 1 to ${MAX_UPCOMING}, not ${count}.`,
    );
  }
  const ticks: Date[] = [];
  let tick = nextTick(schedule, await readClock(db));
  while (tick && ticks.length < count) {
    ticks.push(tick);
    tick = nextTick(schedule, tick);
  }
  return ticks;
}
