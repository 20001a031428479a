import type { Place, SettingsName, System } from './system.ts';
import type { WorkerProcess, WorkerTask } from './worker-process.ts';

export interface Scale {
  /** Number of jobs in the drain scenario. Others use a multiple or fraction of it. */
  readonly jobs: number;
  /** Only checks that everything works. Too short to measure. */
  readonly quick: boolean;
}

export interface Metric {
  /** Label, including the unit. */
  readonly label: string;
  readonly better: 'more' | 'less';
  /** Decimal places. Default: 0. */
  readonly digits?: number;
}

/** Values by metric. A value that is missing because of a timeout is omitted and explained in the note. */
export interface Figures {
  readonly values: Readonly<Record<string, number>>;
  readonly note?: string;
}

/** The tools that a scenario gets for one run of one system, in its own process. */
export interface Bench {
  readonly system: System;
  readonly scale: Scale;
  /** URL of the server's main database. Queries there do not count in the statistics of the measured one. */
  readonly server: string;
  /** Creates an empty store, prepared by the system. It is removed after the measurement. */
  fresh(): Promise<Place>;
  /** Starts a worker process, which loads and waits for `go`. */
  worker(place: Place, task?: Partial<WorkerTask>): Promise<WorkerProcess>;
}

/** A measurement. Each file in `scenarios/` exports one as `scenario`. */
export interface Scenario {
  readonly title: string;
  /** Description for readers of the figures. */
  readonly what: (scale: Scale) => string;
  /** The report compares Humdrum by the first metric. */
  readonly metrics: Readonly<Record<string, Metric>>;
  readonly settings: SettingsName;
  /** Whether a system supports the scenario. Default: all do. */
  readonly suits?: (name: string, system: System) => boolean;
  /** Runs only if named with `--only`, because it takes long. */
  readonly onDemand?: boolean;
  /** Whether its first metric is in the chart. */
  readonly chart?: boolean;
  measure(bench: Bench): Promise<Figures>;
}

export const onPostgresOnly = (_name: string, { store }: System): boolean => store === 'postgres';
