/** A job comes to hold some of what others want too, or lets go of it. */
export interface Step {
  job: number;
  takes: boolean;
  /** Of what. */
  of: string;
  weight: number;
  /** All that there is. */
  most: number;
}

/** Where more was held at once than there is. The steps are in the order in which they came to be. */
export function overruns(steps: Iterable<Step>): string[] {
  const holders = new Map<string, Map<number, number>>();
  const misses: string[] = [];
  for (const { job, takes, of, weight, most } of steps) {
    const held = holders.get(of) ?? new Map<number, number>();
    holders.set(of, held);
    if (!takes) held.delete(job);
    else {
      held.set(job, weight);
      const sum = [...held.values()].reduce((all, one) => all + one, 0);
      if (sum > most) misses.push(`${of}: ${sum} of ${most}, jobs ${[...held.keys()].join(', ')}`);
    }
  }
  return misses;
}

/** Something that costs tokens of a bucket, which fills evenly: `most` in `perMs`. */
export interface Start {
  job: number;
  of: string;
  /** Since any instant. */
  atMs: number;
  tokens: number;
  most: number;
  perMs: number;
}

/** Where more was taken from a bucket than can have been in it, and `slack` more. */
export function overdrafts(starts: Iterable<Start>, slack: number): string[] {
  const buckets = new Map<string, { tokens: number; atMs: number }>();
  const misses: string[] = [];
  for (const { job, of, atMs, tokens, most, perMs } of starts) {
    const before = buckets.get(of) ?? { tokens: most, atMs };
    const filled = before.tokens + ((atMs - before.atMs) * most) / perMs;
    const left = Math.min(most, filled) - tokens;
    buckets.set(of, { tokens: left, atMs });
    if (left < -slack) misses.push(`${of}: ${(-left).toFixed(1)} too many with job ${job}`);
  }
  return misses;
}
