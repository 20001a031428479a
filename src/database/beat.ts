/** A statement that is run at intervals, whatever the event loop does. */
export interface BeatOptions {
  /** Its last parameter is whether the event loop is blocked. It returns no row when it is over for good. */
  sql: string;
  /** The parameters before that. */
  params: readonly (number | string)[];
  everyMs: number;
  /** Without a reply in this time the connection is closed, and another is opened. */
  limitMs: number;
  /** How long the event loop may be blocked before the statement is not run any more. Asked while it is not. */
  toleranceMs: () => number;
  /** It returned no row. */
  onOver: () => void;
  onTrouble: (error: Error) => void;
  /** The event loop was blocked for this long, and goes on. */
  onBlocked: (ms: number) => void;
  /** The thread has ended, or could not be started. */
  onBroken: (error: Error) => void;
}

export interface Beat {
  /** When the last successful run was sent, by `performance.now()`. */
  readonly lastSentMs: number;
  /** It has run successfully. Until then the thread may not even have started. */
  readonly hasRun: boolean;
  /** Something begins that may block the event loop for this long. */
  tolerate(ms: number): void;
  stop(): void;
}

/** The cells of the memory that both threads see: times in nanoseconds of the clock that both have. */
export const CELL = { pulse: 0, sent: 1, toleranceNs: 2 } as const;
export const CELLS = 3;

/** What the thread tells of a beat. `silent`: there was no reply in time. */
export type BeatMessage =
  { id: number; kind: 'over' | 'silent' } | { id: number; kind: 'trouble'; message: string };
