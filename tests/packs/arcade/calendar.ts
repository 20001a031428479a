/** The calendar by its own means: steps of a day, and weekdays as they are called. */

const DAY_MS = 86_400_000;
const textOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
const weekday = new Intl.DateTimeFormat('en', { weekday: 'long', timeZone: 'UTC' });

export function periodNameOf(period: string, at: Date): string {
  if (period === 'alltime') return '1970-01-01';
  let ms = at.getTime();
  while (period === 'weekly' && weekday.format(ms) !== 'Monday') ms -= DAY_MS;
  return textOf(ms);
}

export function nextPeriodOf(period: string, date: string): string {
  let ms = Date.parse(date);
  do ms += DAY_MS;
  while (period === 'weekly' && weekday.format(ms) !== 'Monday');
  return textOf(ms);
}
