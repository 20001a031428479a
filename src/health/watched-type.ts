/** A type with expectations, or one that has run since checks began. */
export interface WatchedType {
  type: string;
  everyMs: number | null;
  expectMs: number | null;
  /** Null: it has none. `patienceMs`: how long after a tick a success is still in time. */
  schedule: { cron: string; timeZone: string; patienceMs: number } | null;
  /** When its expectations were first recorded. */
  since: Date;
  /** To the minute. Null: no success is known. */
  lastSuccessAt: Date | null;
  /** Failed attempts since the last success. */
  failures: number;
  /** How many of those were the last of their job. */
  givenUp: number;
}
