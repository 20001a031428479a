/** In milliseconds, computed from a histogram: at most 10 % off. */
export interface Percentiles {
  p50: number;
  p95: number;
  p99: number;
}

/** Computes percentiles from the counts of the buckets of the SQL function `humdrum.bucket`. Null if nothing was counted. */
export function percentiles(counts: readonly number[]): Percentiles | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  const at = (part: number): number => valueAt(counts, Math.max(1, Math.ceil(total * part)));
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** The middle, on the logarithmic scale, of the bucket that holds the n-th value. */
function valueAt(counts: readonly number[], nth: number): number {
  let before = 0;
  const bucket = counts.findIndex((count) => (before += count) >= nth);
  return bucket === 0 ? 0.5 : 2 ** ((bucket - 0.5) / 4);
}
