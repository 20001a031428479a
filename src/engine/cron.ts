import { Cron } from 'croner';
import { errorMessage, HumdrumError } from '../errors.ts';
import type { ScheduleRule } from './job-type.ts';

/** A tick this late was missed: nobody was there to see it in time. */
const MISSED_AFTER_MS = 60_000;

/** The first instant after `after` that the rule names, or null where there is none. Pure. Errors: `type-invalid`. */
export function nextTick(rule: ScheduleRule, after: Date): Date | null {
  return read(rule).nextRun(after);
}

/** Which ticks from `first` on are to run now, oldest first, and the next one to wait for. Pure. */
export function dueTicks(
  rule: Required<ScheduleRule>,
  first: Date,
  now: Date,
): { run: Date[]; next: Date | null } {
  if (first > now) return { run: [], next: first };
  return { run: missedTicks(rule, first, now), next: nextTick(rule, now) };
}

/** However long the silence was, no more ticks are looked at than are run. */
function missedTicks(rule: Required<ScheduleRule>, first: Date, now: Date): Date[] {
  if (rule.misfire === 'each') return ticksUntil(rule, first, now, rule.misfireLimit);
  if (rule.misfire === 'skip') {
    const inTime = new Date(Math.max(first.getTime(), now.getTime() - MISSED_AFTER_MS));
    return ticksUntil(rule, inTime, now, MISSED_AFTER_MS / 1_000);
  }
  const [latest] = read(rule).previousRuns(1, new Date(now.getTime() + 1));
  return [latest && latest > first ? latest : first];
}

function ticksUntil(rule: ScheduleRule, from: Date, until: Date, atMost: number): Date[] {
  const ticks: Date[] = [];
  let tick = nextTick(rule, new Date(from.getTime() - 1));
  while (tick && tick <= until && ticks.length < atMost) {
    ticks.push(tick);
    tick = nextTick(rule, tick);
  }
  return ticks;
}

function read(rule: ScheduleRule): Cron {
  const { cron, timeZone = 'UTC' } = rule;
  try {
    Intl.DateTimeFormat('en', { timeZone }); // Croner does not look at the zone before it needs it.
    return new Cron(cron, { timezone: timeZone });
  } catch (cause) {
    throw new HumdrumError(
      'type-invalid',
      `The schedule "${cron}" in ${timeZone} cannot be read: ${errorMessage(cause)}`,
      { cause },
    );
  }
}
