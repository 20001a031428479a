/** How values are spread over buckets. It costs a few additions to count one, whatever there is to tell of them later. */
export class Distribution {
  readonly bounds: readonly number[];
  /** How many were in each bucket, and in the last one those above all bounds. */
  readonly counts: number[];
  sum = 0;
  total = 0;

  /** `bounds`: upper ones, rising. */
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
