const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];

/** Such as `Mon 2`. The demo stays within one month. */
export function dayName(date: string): string {
  const at = new Date(date);
  return `${WEEKDAYS[at.getUTCDay()]} ${at.getUTCDate()}`;
}

export function dateOf(at: Date): string {
  return at.toISOString().slice(0, 10);
}

/** A line per day, created on first use. */
export class Days<Line> {
  readonly #lines = new Map<string, Line>();
  readonly #empty: () => Line;

  constructor(empty: () => Line) {
    this.#empty = empty;
  }

  on(at: Date): Line {
    const date = dateOf(at);
    const line = this.#lines.get(date) ?? this.#empty();
    this.#lines.set(date, line);
    return line;
  }

  all(): (Line & { date: string })[] {
    return [...this.#lines].map(([date, line]) => ({ date, ...line }));
  }
}
