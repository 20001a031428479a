/** What a worker is told at its start. */
export interface WorkerSettings {
  url: string;
  /** Not through the proxy: the witness is the suite's own. */
  witnessUrl: string;
  leaseMs: number;
  concurrency: number;
}

/** Exit code of a worker that found no server: whoever keeps it starts another. */
export const NO_SERVER = 75;
