const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** A duration in the largest unit that it has at least two of: `35 min`, `25 h`, `3 s`, `900 ms`. */
export function span(ms: number): string {
  const [name, unit] = UNITS.find(([, each]) => ms >= 2 * each) ?? ['ms', 1];
  const value = Math.round((ms / unit) * 10) / 10;
  return `${unit === 1 ? Math.round(ms) : value} ${name}`;
}
