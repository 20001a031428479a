const FIRST = Date.parse('0001-01-01T00:00:00Z');
const LAST = Date.parse('9999-12-31T23:59:59.999Z');

export const AN_INSTANT = 'a valid date in the years 1 to 9999';

/** Whether it is a date that can be stored and looked for. */
export function isInstant(value: unknown): value is Date {
  return value instanceof Date && value.getTime() >= FIRST && value.getTime() <= LAST;
}

/** A bound of a time range for PostgreSQL. Rounding may move it out of the years in which there is anything: it excludes nothing then. */
export function boundOf(ms: number): string {
  if (ms >= FIRST && ms <= LAST) return new Date(ms).toISOString();
  return ms > 0 ? 'infinity' : '-infinity';
}
