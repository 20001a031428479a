/** A type that something is expected of, or that has run since somebody looks. */
export interface WatchedType {
  type: string;
  everyMs: number | null;
  expectMs: number | null;
  /** Null where it has none. `patienceMs`: so late may a success come after a tick. */
  schedule: { cron: string; timeZone: string; patienceMs: number } | null;
  /** What is expected of it is since then. */
  since: Date;
  /** To the minute. Null: none is known. */
  lastSuccessAt: Date | null;
  /** Attempts that have failed since. */
  failures: number;
  /** Those of them after which nothing tried again. */
  givenUp: number;
}
