import type { Database } from '../database/database.ts';
import { HumdrumError, type Names, refuseUnknown } from '../errors.ts';
import { setClock } from './queries.ts';

/** A length of time. Omitted fields are 0. */
export interface TimeSpan {
  days?: number;
  hours?: number;
  minutes?: number;
  seconds?: number;
  milliseconds?: number;
}

const UNITS = {
  days: true,
  hours: true,
  minutes: true,
  seconds: true,
  milliseconds: true,
} satisfies Names<TimeSpan>;

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The engine's clock in a test. It stands still until the test moves it. */
export class TestClock {
  readonly #database: Database;
  #now: Date;

  private constructor(database: Database, now: Date) {
    this.#database = database;
    this.#now = now;
  }

  static async stopAt(database: Database, now: Date): Promise<TestClock> {
    await setClock(database, now);
    return new TestClock(database, now);
  }

  now(): Date {
    return new Date(this.#now);
  }

  /** Moves forward to an instant. Runs no jobs: call `drain` for that. Errors: `input-invalid` if it is in the past. */
  async moveTo(instant: Date | string): Promise<void> {
    const at = instantOf(instant);
    if (at < this.#now) {
      throw new HumdrumError(
        'input-invalid',
        `The clock is at ${this.#now.toISOString()} and can only move forward, not back to ${at.toISOString()}. Start the test earlier: testHumdrum({ now }).`,
      );
    }
    await setClock(this.#database, at);
    this.#now = at;
  }

  /** Moves forward by a span such as `{ hours: 1, minutes: 30 }`, or by milliseconds. A day has 24 hours. Errors: `input-invalid`. */
  async advance(by: TimeSpan | number): Promise<void> {
    const ms = typeof by === 'number' ? by : millisecondsOf(by);
    if (!Number.isFinite(ms)) {
      throw new HumdrumError(
        'input-invalid',
        `Cannot advance the clock by ${String(ms)} milliseconds. Pass a finite number.`,
      );
    }
    await this.moveTo(new Date(this.#now.getTime() + ms));
  }
}

function millisecondsOf(span: TimeSpan): number {
  refuseUnknown('input-invalid', 'clock.advance', span, UNITS);
  const { days = 0, hours = 0, minutes = 0, seconds = 0, milliseconds = 0 } = span;
  return days * DAY_MS + hours * HOUR_MS + minutes * MINUTE_MS + seconds * SECOND_MS + milliseconds;
}

const WITH_ZONE = /(?:Z|[+-]\d\d:?\d\d)$/i;

/** Errors: `input-invalid`, also for text without a time zone, which would mean a different instant on each machine. */
export function instantOf(instant: Date | string): Date {
  const at = new Date(instant);
  if (!Number.isNaN(at.getTime()) && (typeof instant !== 'string' || WITH_ZONE.test(instant))) {
    return at;
  }
  throw new HumdrumError(
    'input-invalid',
    `"${String(instant)}" is not a valid instant. Pass a Date or text with a time zone, such as 2026-03-02T10:00:00Z.`,
  );
}
