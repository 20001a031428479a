const DAY_MS = 86_400_000;
/** An upper bound of the offset of any zone. */
const MAX_OFFSET_MS = 15 * 3_600_000;

/** A period with one offset from UTC. `untilMs` is excluded. */
export interface Stretch {
  fromMs: number;
  untilMs: number;
  /** Local time minus UTC. */
  offsetMs: number;
}

/** The clocks of one IANA time zone. `localMs` is what they show, in milliseconds as if it were UTC. */
export class Zone {
  readonly #format: Intl.DateTimeFormat;
  readonly #years = new Map<number, Stretch[]>();

  /** Throws if there is no such zone. */
  constructor(timeZone: string) {
    this.#format = new Intl.DateTimeFormat('en', { timeZone, timeZoneName: 'longOffset' });
  }

  /** The stretch that contains an instant, cut at the ends of the year. The next one begins at its `untilMs`. */
  stretchAt(atMs: number): Stretch {
    const year = new Date(atMs).getUTCFullYear();
    let stretches = this.#years.get(year);
    if (!stretches) this.#years.set(year, (stretches = this.#stretchesOf(year)));
    const found = stretches.find(({ untilMs }) => atMs < untilMs);
    if (found) return found;
    throw new RangeError(`Not a valid instant: ${atMs}`);
  }

  /** The instant at which the clocks first show `localMs`, or skip it. Never decreases as `localMs` grows. */
  firstInstant(localMs: number): number {
    let stretch = this.stretchAt(localMs - MAX_OFFSET_MS);
    while (localMs - stretch.offsetMs >= stretch.untilMs) stretch = this.stretchAt(stretch.untilMs);
    return Math.max(localMs - stretch.offsetMs, stretch.fromMs);
  }

  #stretchesOf(year: number): Stretch[] {
    const endMs = Date.UTC(year + 1, 0);
    let open = { fromMs: Date.UTC(year, 0), offsetMs: this.#offsetMs(Date.UTC(year, 0)) };
    const stretches: Stretch[] = [];
    for (let dayMs = open.fromMs; dayMs < endMs; dayMs += DAY_MS) {
      const offsetMs = this.#offsetMs(dayMs + DAY_MS);
      if (offsetMs === open.offsetMs) continue;
      const untilMs = this.#changeWithin(dayMs, dayMs + DAY_MS);
      stretches.push({ ...open, untilMs });
      open = { fromMs: untilMs, offsetMs };
    }
    return [...stretches, { ...open, untilMs: endMs }];
  }

  /** The first second of the new offset. */
  #changeWithin(fromMs: number, untilMs: number): number {
    const before = this.#offsetMs(fromMs);
    let lastMs = fromMs;
    let firstMs = untilMs;
    while (firstMs - lastMs > 1_000) {
      const middleMs = lastMs + Math.floor((firstMs - lastMs) / 2_000) * 1_000;
      if (this.#offsetMs(middleMs) === before) lastMs = middleMs;
      else firstMs = middleMs;
    }
    return firstMs;
  }

  #offsetMs(atMs: number): number {
    const name = this.#format.formatToParts(atMs).find(({ type }) => type === 'timeZoneName');
    const [, sign, hours = 0, minutes = 0, seconds = 0] =
      /([+-])(\d+):(\d+)(?::(\d+))?/.exec(name?.value ?? '') ?? [];
    const offsetMs = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1_000;
    return sign === '-' ? -offsetMs : offsetMs;
  }
}
