/** `best`: the fast settings from the system's documentation. `default`: the settings of a new user. */
export type SettingsName = 'best' | 'default';

/** A store that contains only what `prepare` created. */
export interface Place {
  /** URL of a separate database. */
  readonly postgres: string;
  /** Null without a Redis. */
  readonly redis: string | null;
}

/** Payload of every job: 100 bytes of JSON. Ids start at 0. */
export interface Payload {
  readonly id: number;
  readonly pad: string;
}

/** A handler. It counts which jobs have run, and how often. */
export type Run = (payload: Payload) => void;

/** One statement on PostgreSQL. */
export type Query = (sql: string, params: unknown[]) => Promise<unknown>;

/** A handler that updates one row. */
export type RunWithWrites = (payload: Payload, query: Query) => Promise<void>;

export interface Producer {
  /** Resolves when the job is stored. */
  enqueue(payload: Payload): Promise<void>;
  /** Resolves when all jobs are stored. `at`: the earliest time to run them. */
  enqueueMany(payloads: readonly Payload[], at?: Date): Promise<void>;
  close(): Promise<void>;
}

export interface Running {
  stop(): Promise<void>;
}

/** Observes the store from outside. */
export interface Watch {
  /** Number of jobs that have not ended: queued, running, or waiting for another attempt. */
  open(): Promise<number>;
  close(): Promise<void>;
}

export interface Setting {
  readonly text: string;
  /** Link to the documentation that recommends or describes it. */
  readonly source: string;
}

/** A background-job system under test. Each file in `systems/` exports one as `system`. */
export interface System {
  readonly title: string;
  /** The npm package, whose version is in the report. Null for the package in this repository. */
  readonly package: string | null;
  /** Where it stores jobs. */
  readonly store: 'postgres' | 'redis';
  readonly settings: Readonly<Record<SettingsName, Setting>>;
  /** How a job's write and its completion are tied together. */
  readonly writes: string;
  /** Creates tables and queues in an empty store, like a deployment, before measuring. */
  prepare(place: Place, settings: SettingsName): Promise<void>;
  produce(place: Place, settings: SettingsName): Promise<Producer>;
  /** Starts a worker in this process. Resolves when it is ready to take jobs. */
  work(place: Place, settings: SettingsName, run: Run): Promise<Running>;
  /** Like `work`, with metrics scraped every 5 seconds. */
  workScraped?(place: Place, run: Run): Promise<Running>;
  /** Starts a worker with `concurrency`, whose jobs each update a row in the database `place.postgres`. */
  workWithWrites(place: Place, concurrency: number, run: RunWithWrites): Promise<Running>;
  /** Producer and worker in one process, if they share something. Default: one of each. */
  together?(place: Place, run: Run): Promise<{ producer: Producer; running: Running }>;
  watch(place: Place): Promise<Watch>;
  /** Throws if the system's records do not show that all these jobs completed. */
  verify?(place: Place, jobs: number): Promise<void>;
}
