import { type CronFields, FIELDS, MONTH_NAMES } from './cron-fields.ts';

const DAYS = 3;
const MONTHS = 4;
const WEEKDAYS = 5;

/** The numbers that a field names, in order. Null for `L`, `W` and `#`, which no numbers say. Pure. */
export function valuesOf(text: string, place: number): number[] | null {
  const field = FIELDS[place];
  if (!field) return null;
  const last = place === WEEKDAYS ? 6 : field.to;
  const values = new Set<number>();
  for (const item of text.split(',')) {
    const groups = /^(?:(\*)|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(item);
    if (!groups) return null;
    const [, star, from, to, step] = groups;
    const first = star === undefined ? Number(from) : field.from;
    const end = to ?? (star === undefined && step === undefined ? from : last);
    for (let value = first; value <= Number(end); value += Number(step ?? 1)) {
      values.add(place === WEEKDAYS ? value % 7 : value);
    }
  }
  return [...values].toSorted((one, other) => one - other);
}

/** As a sentence: why no date matches, if that can be seen from the days and months alone. Null: one may. Pure. */
export function whyNoDate(fields: CronFields): string | null {
  const days = valuesOf(fields[DAYS], DAYS);
  const months = valuesOf(fields[MONTHS], MONTHS);
  const isDaysOnly = fields[WEEKDAYS] === '*'; // Otherwise a day of the week may match.
  if (!days || !months || !isDaysOnly) return null;
  const least = Math.min(...days);
  if (months.some((month) => least <= daysIn(month))) return null;
  const named = list(
    months.map((month) => MONTH_NAMES[month - 1] ?? ''),
    'and',
  );
  return `${named} ${months.length === 1 ? 'has' : 'have'} no day ${list(days.map(String), 'or')}`;
}

/** In a leap year. */
const daysIn = (month: number): number => new Date(Date.UTC(2000, month, 0)).getUTCDate();

function list(items: readonly string[], word: 'and' | 'or'): string {
  return [items.slice(0, -1).join(', '), items.at(-1)].filter(Boolean).join(` ${word} `);
}
