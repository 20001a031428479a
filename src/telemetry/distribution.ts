/** Counts of values per bucket. Counting a value costs a few additions. */
export class Distribution {
  readonly bounds: readonly number[];
  /** Values per bucket. The last bucket counts those above all bounds. */
  readonly counts: number[];
  sum = 0;
  total = 0;

  /** `bounds`: upper bounds, ascending. */
  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = [...bounds, Infinity].map(() => 0);
  }

  count(value: number): void {
    const { bounds, counts } = this;
    let at = 0;
    while (at < bounds.length && value > (bounds[at] ?? Infinity)) at += 1;
    counts[at] = (counts[at] ?? 0) + 1;
    this.sum += value;
    this.total += 1;
  }
}
