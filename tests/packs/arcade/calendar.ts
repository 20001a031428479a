/** The calendar by its own means: steps of a day, and weekdays as they are called. */

const DAY_MS = 86_400_000;
const textOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
const weekday = new Intl.DateTimeFormat('en', { weekday: 'long', timeZone: 'UTC' });

const begins = (period: string, ms: number): boolean =>
  period === 'daily' || weekday.format(ms) === 'Monday';

export function periodNameOf(period: string, at: Date): string {
  if (period === 'alltime') return '1970-01-01';
  let ms = at.getTime();
  while (!begins(period, ms)) ms -= DAY_MS;
  return textOf(ms);
}

export function nextPeriodOf(period: string, date: string): string {
  let ms = Date.parse(date) + DAY_MS;
  while (!begins(period, ms)) ms += DAY_MS;
  return textOf(ms);
}
