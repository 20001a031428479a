import type { Database } from '../database/database.ts';
import { HumdrumError } from '../errors.ts';
import { setClock } from './queries.ts';

/** A length of time. What is left out is 0. */
export interface TimeSpan {
  days?: number;
  hours?: number;
  minutes?: number;
  seconds?: number;
  milliseconds?: number;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** The engine's clock in a test: it stands still until the test moves it. */
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

  /** Onwards only. Nothing runs by that: see `drain`. Errors: `input-invalid`. */
  async moveTo(instant: Date | string): Promise<void> {
    const at = instantOf(instant);
    if (at < this.#now) {
      throw new HumdrumError(
        'input-invalid',
        `The clock stands at ${this.#now.toISOString()} and moves onwards only, not back to ${at.toISOString()}. Begin earlier: testHumdrum({ now }).`,
      );
    }
    await setClock(this.#database, at);
    this.#now = at;
  }

  /** By a span, `{ hours: 1, minutes: 30 }`, or by milliseconds. A day has 24 hours. Errors: `input-invalid`. */
  async advance(by: TimeSpan | number): Promise<void> {
    const ms = typeof by === 'number' ? by : millisecondsOf(by);
    if (!Number.isFinite(ms)) {
      throw new HumdrumError('input-invalid', `${String(ms)} milliseconds is no length of time.`);
    }
    await this.moveTo(new Date(this.#now.getTime() + ms));
  }
}

function millisecondsOf(span: TimeSpan): number {
  const { days = 0, hours = 0, minutes = 0, seconds = 0, milliseconds = 0 } = span;
  return days * DAY_MS + hours * HOUR_MS + minutes * MINUTE_MS + seconds * SECOND_MS + milliseconds;
}

const WITH_ZONE = /(?:Z|[+-]\d\d:?\d\d)$/i;

/** Errors: `input-invalid`, also where a text names no zone: it would be another instant on another machine. */
export function instantOf(instant: Date | string): Date {
  const at = new Date(instant);
  if (!Number.isNaN(at.getTime()) && (typeof instant !== 'string' || WITH_ZONE.test(instant))) {
    return at;
  }
  throw new HumdrumError(
    'input-invalid',
    `"${String(instant)}" is no instant. Give a Date or a text with a zone: 2026-03-02T10:00:00Z`,
  );
}
