/** `nextAt`: the tick that is fired next. `patienceMs`: how long after a tick a success is still in time. */
export interface Scheduled {
  cron: string;
  timeZone: string;
  nextAt: string;
  patienceMs: number;
}

/** A type with expectations, or one that has run since checks began. */
export interface WatchedType {
  type: string;
  everyMs: number | null;
  expectMs: number | null;
  /** Null: it has none. */
  schedule: Scheduled | null;
  /** When its expectations were first recorded. */
  since: Date;
  /** To the minute. Null: no success is known. */
  lastSuccessAt: Date | null;
  /** Failed attempts since the last success. */
  failures: number;
  /** How many of those were the last of their job. */
  givenUp: number;
}
