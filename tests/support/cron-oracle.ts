/**
 * An independent implementation of cron that tests compare the engine with. Matches the five fields literally, minute by minute,
 * against the local time from `Intl`. Shares no code and no library with the engine.
 */

/** Local time: minute, hour, day of the month, month, day of the week (Sunday is 0). */
export type Shown = readonly [number, number, number, number, number];

export interface Oracle {
  matches: (shown: Shown) => boolean;
  /** True with a star in minutes or hours: the rule fires at every matching local time, rather than at fixed times. */
  runsThrough: boolean;
}

const BOUNDS = [
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
] as const;
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAYS = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];

export function readCron(cron: string): Oracle {
  const texts = cron.trim().toLowerCase().split(/\s+/);
  const [minutes, hours, days, months, weekdays] = texts.map((text, field) =>
    valuesOf(text, BOUNDS[field] ?? [0, 0], field),
  );
  if (!minutes || !hours || !days || !months || !weekdays || texts.length !== 5) {
    throw new Error(`This oracle reads five fields, not: ${cron}`);
  }
  if (weekdays.has(7)) weekdays.add(0);
  const either = texts[2] !== '*' && texts[4] !== '*';
  return {
    matches: ([minute, hour, day, month, weekday]) =>
      minutes.has(minute) &&
      hours.has(hour) &&
      months.has(month) &&
      (either ? days.has(day) || weekdays.has(weekday) : days.has(day) && weekdays.has(weekday)),
    runsThrough: texts.slice(0, 2).some((text) => text.startsWith('*')),
  };
}

function valuesOf(
  text: string,
  [least, most]: readonly [number, number],
  field: number,
): Set<number> {
  const values = new Set<number>();
  for (const part of text.split(',')) {
    const [range = '', step = '1'] = part.split('/');
    const [from, to] = range.split('-').map((word) => numberOf(word, least, field));
    if (from === undefined) throw new Error(`What is "${part}"?`);
    const last = range === '*' || (part.includes('/') && to === undefined) ? most : (to ?? from);
    for (let value = from; value <= last; value += Number(step)) values.add(value);
  }
  return values;
}

function numberOf(word: string, least: number, field: number): number {
  if (word === '*') return least;
  if (field === 3 && MONTHS.includes(word)) return MONTHS.indexOf(word) + 1;
  if (field === 4 && DAYS.includes(word)) return DAYS.indexOf(word);
  if (/^\d+$/.test(word)) return Number(word);
  throw new Error(`What is "${word}"?`);
}

const MINUTE_MS = 60_000;
const QUARTER_MS = 15 * MINUTE_MS;

/** The minutes from `fromMs` to before `untilMs`, with the local time of each. */
export interface Walk {
  instants: number[];
  /** Local times as if they were UTC, in milliseconds. */
  locals: number[];
}

const formats = new Map<string, Intl.DateTimeFormat>();

export function walk(timeZone: string, fromMs: number, untilMs: number): Walk {
  const instants: number[] = [];
  const locals: number[] = [];
  let localMs = shownAt(timeZone, fromMs);
  for (let quarterMs = fromMs; quarterMs < untilMs; quarterMs += QUARTER_MS) {
    const endMs = shownAt(timeZone, quarterMs + QUARTER_MS);
    const steady = endMs - localMs === QUARTER_MS;
    for (let ms = 0; ms < QUARTER_MS && quarterMs + ms < untilMs; ms += MINUTE_MS) {
      instants.push(quarterMs + ms);
      locals.push(steady ? localMs + ms : shownAt(timeZone, quarterMs + ms));
    }
    localMs = endMs;
  }
  return { instants, locals };
}

export function shownAt(timeZone: string, atMs: number): number {
  const format =
    formats.get(timeZone) ??
    new Intl.DateTimeFormat('sv', { timeZone, dateStyle: 'short', timeStyle: 'medium' });
  formats.set(timeZone, format);
  return Date.parse(`${format.format(atMs).replace(' ', 'T')}Z`);
}

/**
 * All ticks in the walk, in order, by a literal reading of the policy for daylight saving. `shown` is `locals` as fields: pass it
 * to test many rules with one walk.
 */
export function ticksOf(
  cron: string,
  { instants, locals }: Walk,
  shown: readonly Shown[] = locals.map(fieldsOf),
): number[] {
  const { matches, runsThrough } = readCron(cron);
  const matchesAt = (minute: number): boolean => matches(shown[minute] ?? NEVER);
  if (runsThrough) return instants.filter((_, minute) => matchesAt(minute));
  const ticks: number[] = [];
  let lastMs = (locals[0] ?? 0) - MINUTE_MS;
  instants.forEach((instant, minute) => {
    const localMs = locals[minute] ?? 0;
    if (localMs <= lastMs) return; // This local time repeats.
    const jumpedOver = minutesBetween(lastMs, localMs).some((ms) => matches(fieldsOf(ms)));
    if (jumpedOver || matchesAt(minute)) ticks.push(instant);
    lastMs = localMs;
  });
  return ticks;
}

const NEVER: Shown = [-1, -1, -1, -1, -1];

/** The minutes in between, both ends excluded. Empty unless the clocks jump. */
function minutesBetween(fromMs: number, untilMs: number): number[] {
  const count = (untilMs - fromMs) / MINUTE_MS - 1;
  return Array.from({ length: count }, (_, place) => fromMs + (place + 1) * MINUTE_MS);
}

export function fieldsOf(localMs: number): Shown {
  const at = new Date(localMs);
  return [
    at.getUTCMinutes(),
    at.getUTCHours(),
    at.getUTCDate(),
    at.getUTCMonth() + 1,
    at.getUTCDay(),
  ];
}

const DAY_MS = 86_400_000;

/** The instants in these years at which the zone's offset changes. */
export function changesOf(timeZone: string, years: readonly number[]): number[] {
  const aheadMs = (atMs: number): number => shownAt(timeZone, atMs) - atMs;
  const changes: number[] = [];
  for (const year of years) {
    for (let dayMs = Date.UTC(year, 0); dayMs < Date.UTC(year + 1, 0); dayMs += DAY_MS) {
      const before = aheadMs(dayMs);
      if (before === aheadMs(dayMs + DAY_MS)) continue;
      let atMs = dayMs;
      while (aheadMs(atMs + QUARTER_MS) === before) atMs += QUARTER_MS;
      while (aheadMs(atMs) === before) atMs += MINUTE_MS;
      changes.push(atMs);
    }
  }
  return changes;
}
