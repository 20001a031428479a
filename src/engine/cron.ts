import { Cron } from 'croner';
import { errorMessage, HumdrumError } from '../errors.ts';
import type { ScheduleRule } from './job-type.ts';

/** A tick this late was missed: nobody was there to see it in time. */
const MISSED_AFTER_MS = 60_000;
/** A rule that fires each second is walked over at most this many ticks at once. */
const MAX_WALK = 100_000;

/** The first instant after `after` that the rule names, or null where there is none. Pure. Errors: `type-invalid`. */
export function nextTick(rule: ScheduleRule, after: Date): Date | null {
  try {
    return new Cron(rule.cron, { timezone: rule.timeZone ?? 'UTC' }).nextRun(after);
  } catch (cause) {
    throw new HumdrumError(
      'type-invalid',
      `The schedule "${rule.cron}" in ${rule.timeZone ?? 'UTC'} cannot be read: ${errorMessage(cause)}`,
      { cause },
    );
  }
}

/** Which ticks from `first` on are to run now, oldest first, and the next one to wait for. Pure. */
export function dueTicks(
  rule: Required<ScheduleRule>,
  first: Date,
  now: Date,
): { run: Date[]; next: Date | null } {
  const due: Date[] = [];
  let next: Date | null = first;
  for (let walked = 0; next && next <= now && walked < MAX_WALK; walked += 1) {
    due.push(next);
    next = nextTick(rule, next);
  }
  const inTime = due.filter((tick) => now.getTime() - tick.getTime() < MISSED_AFTER_MS);
  const run = {
    skip: inTime,
    once: due.slice(-1),
    each: due.slice(0, rule.misfireLimit),
  }[rule.misfire];
  return { run, next: next && next <= now ? nextTick(rule, now) : next };
}
