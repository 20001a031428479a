/** `best`: what its own documentation says is fast. `default`: what a new user gets. */
export type SettingsName = 'best' | 'default';

/** A store that holds nothing but what `prepare` made. */
export interface Place {
  /** The URL of a database of its own. */
  readonly postgres: string;
  /** Null where no Redis runs. */
  readonly redis: string | null;
}

/** What every job carries: 100 bytes as JSON. Ids count from 0. */
export interface Payload {
  readonly id: number;
  readonly pad: string;
}

/** What a handler does. It says which jobs have run, and how often. */
export type Run = (payload: Payload) => void;

/** One statement on PostgreSQL. */
export type Query = (sql: string, params: unknown[]) => Promise<unknown>;

/** What a handler does that writes: it has one row to update. */
export type RunWithWrites = (payload: Payload, query: Query) => Promise<void>;

export interface Producer {
  /** Resolves when the job is stored. */
  enqueue(payload: Payload): Promise<void>;
  /** Resolves when all of them are stored. `at`: not to be run before. */
  enqueueMany(payloads: readonly Payload[], at?: Date): Promise<void>;
  close(): Promise<void>;
}

export interface Running {
  stop(): Promise<void>;
}

/** Sees from outside what is in the store. */
export interface Watch {
  /** Jobs that have not ended: queued, running, or waiting for another attempt. */
  open(): Promise<number>;
  close(): Promise<void>;
}

export interface Setting {
  readonly text: string;
  /** Where its documentation recommends or describes that. */
  readonly source: string;
}

/** A system of background jobs, as the benchmark sees it. One file in `systems/` exports one as `system`. */
export interface System {
  readonly title: string;
  /** The npm package, whose version the report names. Null: the package that is built here. */
  readonly package: string | null;
  /** Where its jobs are kept. */
  readonly store: 'postgres' | 'redis';
  readonly settings: Readonly<Record<SettingsName, Setting>>;
  /** How the row that a job writes and the job's completion belong together. */
  readonly writes: string;
  /** Makes its tables and queues in an empty store, as a deployment does, before anything is measured. */
  prepare(place: Place, settings: SettingsName): Promise<void>;
  produce(place: Place, settings: SettingsName): Promise<Producer>;
  /** Starts a worker in this process. Resolves when it takes jobs, or will. */
  work(place: Place, settings: SettingsName, run: Run): Promise<Running>;
  /** As `work`, with metrics that are scraped each 5 seconds. */
  workScraped?(place: Place, run: Run): Promise<Running>;
  /** A worker with `concurrency` jobs at once, each of which writes a row to the database in `place.postgres`. */
  workWithWrites(place: Place, concurrency: number, run: RunWithWrites): Promise<Running>;
  /** Producer and worker in one process, where they have something in common. Default: one of each. */
  together?(place: Place, run: Run): Promise<{ producer: Producer; running: Running }>;
  watch(place: Place): Promise<Watch>;
  /** Throws where the records that it keeps do not tell that all of these jobs have completed. */
  verify?(place: Place, jobs: number): Promise<void>;
}
