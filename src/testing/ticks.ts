import { nextTick } from '../engine/schedule/cron.ts';
import type { ScheduledType } from '../engine/job/job-type.ts';
import { HumdrumError } from '../errors.ts';
import { instantOf } from './clock.ts';
import type { JobSeen } from './queries.ts';

/** The schedule's tick at `at`, or the next one if `at` is omitted. Errors: `input-invalid`. */
export function tickOf(
  { type, schedule }: ScheduledType,
  now: Date,
  at: Date | string | null = null,
): Date {
  const next = nextTick(schedule, now);
  const refuse = (why: string): HumdrumError => new HumdrumError('input-invalid', why);
  if (at === null) {
    if (next) return next;
    throw refuse(`The schedule of ${type} has no tick after ${now.toISOString()}.`);
  }
  const wanted = instantOf(at);
  if (wanted <= now) {
    throw refuse(
      `The clock is at ${now.toISOString()}, past the tick at ${wanted.toISOString()}. The next tick of ${type} is at ${next?.toISOString()}.`,
    );
  }
  const nearest = nextTick(schedule, new Date(wanted.getTime() - 1));
  if (nearest?.getTime() === wanted.getTime()) return wanted;
  throw refuse(
    `The schedule of ${type} has no tick at ${wanted.toISOString()}. The next tick after that is at ${nearest?.toISOString()}.`,
  );
}

/** When the tick's jobs that jitter delayed are due. Null if there are none. */
export function dueOf(
  { schedule }: ScheduledType,
  tick: Date,
  jobs: readonly JobSeen[],
): Date | null {
  const latestMs = tick.getTime() + schedule.jitterMs;
  const waiting = jobs
    .filter(({ status, attempts, runAt }) => {
      return status === 'queued' && attempts === 0 && runAt > tick && runAt.getTime() <= latestMs;
    })
    .map(({ runAt }) => runAt.getTime());
  return waiting.length > 0 ? new Date(Math.max(...waiting)) : null;
}
