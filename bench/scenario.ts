import type { Place, SettingsName, System } from './system.ts';
import type { WorkerProcess, WorkerTask } from './worker-process.ts';

export interface Scale {
  /** Of the drain; the other scenarios take this, twice or half of it, as they say. */
  readonly jobs: number;
  /** Looks whether everything works, and is too short to measure. */
  readonly quick: boolean;
}

export interface Metric {
  /** With its unit. */
  readonly label: string;
  readonly better: 'more' | 'less';
  /** Decimal places. Default 0. */
  readonly digits?: number;
}

/** By the name of the metric. One that could not be had, because the time was over, is left out and said in the note. */
export interface Figures {
  readonly values: Readonly<Record<string, number>>;
  readonly note?: string;
}

/** What a scenario is given in a process of its own, for one run of one system. */
export interface Bench {
  readonly system: System;
  readonly scale: Scale;
  /** The server of all databases: who asks it from there does not count in theirs. */
  readonly server: string;
  /** An empty store, prepared by the system. It is gone after the measurement. */
  fresh(): Promise<Place>;
  /** A worker in a process of its own, loaded and waiting for its `go`. */
  worker(place: Place, task?: Partial<WorkerTask>): Promise<WorkerProcess>;
}

/** Something to measure. One file in `scenarios/` exports one as `scenario`. */
export interface Scenario {
  readonly title: string;
  /** What is done, for somebody who reads the figures. */
  readonly what: (scale: Scale) => string;
  /** Of the first one the report says how Humdrum compares. */
  readonly metrics: Readonly<Record<string, Metric>>;
  readonly settings: SettingsName;
  /** Those that it can be measured on. Default: all. */
  readonly suits?: (name: string, system: System) => boolean;
  /** Takes so long that it runs only where `--only` names it. */
  readonly onDemand?: boolean;
  /** Its first metric is a panel of the chart. */
  readonly chart?: boolean;
  measure(bench: Bench): Promise<Figures>;
}

export const onPostgresOnly = (_name: string, { store }: System): boolean => store === 'postgres';
