import { Cron } from 'croner';
import { errorMessage, HumdrumError } from '../../errors.ts';
import { Zone } from './time-zone.ts';
import type { ScheduleRule } from '../job/job-type.ts';

/** A tick this late was missed: nobody was there to see it in time. */
const MISSED_AFTER_MS = 60_000;

/**
 * The first instant after `after` that the rule names, or null where there is none. Pure. Errors: `type-invalid`.
 *
 * Where the clocks change, a fixed time that they jump over comes at the instant of the jump, and one that they show
 * twice comes the first time. A rule with `*` for its minutes or hours runs through: it comes whenever the clocks show it.
 */
export function nextTick(rule: ScheduleRule, after: Date): Date | null {
  const reading = read(rule);
  const next = reading.runsThrough ? nextShown : nextFixed;
  const tickMs = next(reading, after.getTime());
  return tickMs === null ? null : new Date(tickMs);
}

/** The rule's ticks from `from` to `until`, both included, oldest first, at most so many. Pure. */
export function ticksWithin(rule: ScheduleRule, from: Date, until: Date, atMost: number): Date[] {
  const ticks: Date[] = [];
  let tick = nextTick(rule, new Date(from.getTime() - 1));
  while (tick && tick <= until && ticks.length < atMost) {
    ticks.push(tick);
    tick = nextTick(rule, tick);
  }
  return ticks;
}

/** Which ticks from `first` on are to run now, oldest first, and the next one to wait for. Pure. */
export function dueTicks(
  rule: Pick<Required<ScheduleRule>, 'cron' | 'timeZone' | 'misfire' | 'misfireLimit'>,
  first: Date,
  now: Date,
): { run: Date[]; next: Date | null } {
  if (first > now) return { run: [], next: first };
  return { run: missedTicks(rule, first, now), next: nextTick(rule, now) };
}

/** However long the silence was, few more ticks are looked at than are run. */
function missedTicks(rule: Parameters<typeof dueTicks>[0], first: Date, now: Date): Date[] {
  if (rule.misfire === 'each') return ticksWithin(rule, first, now, rule.misfireLimit);
  if (rule.misfire === 'once') return [latestTick(rule, first, now)];
  const inTime = new Date(Math.max(first.getTime(), now.getTime() - MISSED_AFTER_MS));
  return ticksWithin(rule, inTime, now, MISSED_AFTER_MS / 1_000 + 1);
}

/** `first`, or the last tick after it that is not past `now`: found by halving the time that it may lie in. */
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

/** What the fields say, told in the time that the clocks of the zone show. */
interface Reading {
  fields: Cron;
  zone: Zone;
  runsThrough: boolean;
}

function nextFixed({ fields, zone }: Reading, afterMs: number): number | null {
  let localMs = afterMs + zone.stretchAt(afterMs).offsetMs;
  for (;;) {
    const local = fields.nextRun(new Date(localMs));
    if (!local) return null;
    localMs = local.getTime();
    const tickMs = zone.firstInstant(localMs);
    if (tickMs > afterMs) return tickMs; // Else the clocks have fallen back, and show it for the second time.
  }
}

function nextShown({ fields, zone }: Reading, afterMs: number): number | null {
  let stretch = zone.stretchAt(afterMs);
  for (;;) {
    const fromMs = Math.max(afterMs, stretch.fromMs - 1);
    const local = fields.nextRun(new Date(fromMs + stretch.offsetMs));
    if (!local) return null;
    const tickMs = local.getTime() - stretch.offsetMs;
    if (tickMs < stretch.untilMs) return tickMs;
    stretch = zone.stretchAt(stretch.untilMs);
  }
}

/** Errors: `type-invalid`. */
export function checkCron(cron: string): void {
  read({ cron });
}

/** One takes 80 kB, most of it croner's list of years. */
const MOST_READ = 1_000;

const readings = new Map<string, Reading>();
const zones = new Map<string, Zone>();

function read({ cron, timeZone = 'UTC' }: ScheduleRule): Reading {
  const rule = `${cron} in ${timeZone}`;
  let reading = readings.get(rule);
  if (!reading) {
    if (readings.size >= MOST_READ) readings.clear();
    readings.set(rule, (reading = readAnew(cron, timeZone)));
  }
  return reading;
}

function readAnew(cron: string, timeZone: string): Reading {
  try {
    if (cron.includes(':')) throw new Error('it is no cron expression'); // Croner takes an instant too.
    const fields = new Cron(cron, { utcOffset: 0, sloppyRanges: true });
    const zone = zones.get(timeZone) ?? new Zone(timeZone);
    zones.set(timeZone, zone);
    return { fields, zone, runsThrough: runsThrough(fields.getPattern() ?? cron) };
  } catch (cause) {
    throw new HumdrumError(
      'type-invalid',
      `The schedule "${cron}" in ${timeZone} cannot be read: ${errorMessage(cause)}`,
      { cause },
    );
  }
}

/** Of five fields the first two are minutes and hours; of more, the first are the seconds. */
function runsThrough(cron: string): boolean {
  const fields = cron.trim().split(/\s+/);
  const [minutes = '', hours = ''] = fields.length === 5 ? fields : fields.slice(1);
  return /[*?]/.test(minutes + hours);
}
