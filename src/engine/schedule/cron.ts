import type { Cron } from 'croner';
import { errorMessage, HumdrumError } from '../../errors.ts';
import { readCron } from '../base/cron-rule.ts';
import type { ScheduledType, ScheduleRule } from '../job/job-type.ts';
import { Zone } from './time-zone.ts';

/** A tick that fires later than this counts as missed. */
const MISSED_AFTER_MS = 60_000;
/** A schedule that nobody has fired for this long starts anew: its type was away, and what it missed is stale. */
const STALE_AFTER_MS = 60 * 86_400_000;

/**
 * The first tick of the rule after `after`, or null if there is none. Pure. Errors: `type-invalid`.
 *
 * At a change of the clocks, a fixed time that is skipped fires at the instant of the change, and one that occurs twice fires
 * the first time only. A rule with `*` for its minutes or hours is continuous: it fires whenever the clocks show its time.
 */
export function nextTick(rule: ScheduleRule, after: Date): Date | null {
  const parsed = parse(rule);
  const next = parsed.isContinuous ? nextContinuous : nextFixed;
  const tickMs = next(parsed, after.getTime());
  return tickMs === null ? null : new Date(tickMs);
}

/** Null: the rule can be read on this machine. */
export function whyUnreadable(rule: ScheduleRule): string | null {
  try {
    parse(rule);
    return null;
  } catch (error) {
    return errorMessage(error);
  }
}

/** As `nextTick`, for the schedule of a type. Errors: `type-invalid`, which names the type. */
export function nextTickOf(
  { type, schedule }: { type: string; schedule: ScheduleRule },
  after: Date,
): Date | null {
  try {
    return nextTick(schedule, after);
  } catch (cause) {
    throw new HumdrumError('type-invalid', `Job type "${type}": ${errorMessage(cause)}`, { cause });
  }
}

/** The rule's ticks from `from` to `until`, both included: the oldest `atMost`, oldest first. Pure. */
export function ticksWithin(rule: ScheduleRule, from: Date, until: Date, atMost: number): Date[] {
  const ticks: Date[] = [];
  let tick = nextTick(rule, new Date(from.getTime() - 1));
  while (tick && tick <= until && ticks.length < atMost) {
    ticks.push(tick);
    tick = nextTick(rule, tick);
  }
  return ticks;
}

/** The ticks since `first` that are due now, oldest first, and the next one after `now`. Pure. Errors: `type-invalid`. */
export function dueTicks(
  rule: Pick<Required<ScheduleRule>, 'cron' | 'timeZone' | 'misfire' | 'misfireLimit'>,
  first: Date,
  now: Date,
): { run: Date[]; next: Date | null } {
  if (first > now) return { run: [], next: first };
  if (isStale(first, now)) return { run: [], next: nextTick(rule, now) };
  return { run: missedTicks(rule, first, now), next: nextTick(rule, now) };
}

/** How a worker tells which rule its program has for a schedule. The table's is put together in SQL. */
export const ruleText = ({ type, schedule }: ScheduledType): string =>
  `${type} ${schedule.cron} ${schedule.timeZone}`;

export const isStale = (tick: Date, now: Date): boolean =>
  now.getTime() - tick.getTime() > STALE_AFTER_MS;

/** Computes few more ticks than it returns, however long no process was running. */
function missedTicks(rule: Parameters<typeof dueTicks>[0], first: Date, now: Date): Date[] {
  if (rule.misfire === 'each') return ticksWithin(rule, first, now, rule.misfireLimit);
  if (rule.misfire === 'once') return [latestTick(rule, first, now)];
  const inTime = new Date(Math.max(first.getTime(), now.getTime() - MISSED_AFTER_MS));
  return ticksWithin(rule, inTime, now, MISSED_AFTER_MS / 1_000 + 1);
}

/** The last tick from `first` to `now`, by binary search. `first` is one. */
function latestTick(rule: ScheduleRule, first: Date, now: Date): Date {
  let latest = first;
  let until = now;
  for (;;) {
    const next = nextTick(rule, latest);
    if (!next || next > now) return latest;
    const middle = new Date((next.getTime() + until.getTime()) / 2);
    const beyond = nextTick(rule, middle);
    if (beyond && beyond <= now) latest = beyond;
    else [latest, until] = [next, middle];
  }
}

/** `calendar` works in local time: what the zone's clocks show, as if it were UTC. */
interface ParsedRule {
  calendar: Cron;
  zone: Zone;
  isContinuous: boolean;
}

function nextFixed({ calendar, zone }: ParsedRule, afterMs: number): number | null {
  let localMs = afterMs + zone.stretchAt(afterMs).offsetMs;
  for (;;) {
    const local = calendar.nextRun(new Date(localMs));
    if (!local) return null;
    localMs = local.getTime();
    const tickMs = zone.firstInstant(localMs);
    if (tickMs > afterMs) return tickMs; // Otherwise the clocks were set back, and it is the second occurrence.
  }
}

function nextContinuous({ calendar, zone }: ParsedRule, afterMs: number): number | null {
  let stretch = zone.stretchAt(afterMs);
  for (;;) {
    const fromMs = Math.max(afterMs, stretch.fromMs - 1);
    const local = calendar.nextRun(new Date(fromMs + stretch.offsetMs));
    if (!local) return null;
    const tickMs = local.getTime() - stretch.offsetMs;
    if (tickMs < stretch.untilMs) return tickMs;
    stretch = zone.stretchAt(stretch.untilMs);
  }
}

/** Errors: `type-invalid`, if the zone is unknown on this machine too. */
function parse({ cron, timeZone = 'UTC' }: ScheduleRule): ParsedRule {
  try {
    const { calendar, isContinuous } = readCron(cron);
    return { calendar, isContinuous, zone: zoneOf(timeZone) };
  } catch (cause) {
    throw new HumdrumError(
      'type-invalid',
      `The schedule "${cron}" in ${timeZone} is invalid: ${errorMessage(cause)}.`,
      { cause },
    );
  }
}

const zones = new Map<string, Zone>();

/** Throws if this machine knows no such zone. */
function zoneOf(timeZone: string): Zone {
  let zone = zones.get(timeZone);
  if (!zone) zones.set(timeZone, (zone = new Zone(timeZone)));
  return zone;
}
