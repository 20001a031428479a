import type { Database } from '../database/database.ts';
import type { BulkAct } from './operators/act-on-many.ts';
import type { JobType } from './job/job-type.ts';
import type { LimitRule } from './job/limit-rule.ts';
import type { Pack } from './job/pack.ts';
import type { Watch } from './ports/alerts.ts';
import type { Listener } from './ports/events.ts';
import type { FileStorage } from './ports/file-storage.ts';
import type { Tracing } from './ports/tracing.ts';
import type { Receiver } from './deliveries/receiver.ts';
import type { WorkerOptions } from './worker/options.ts';

export interface HumdrumOptions {
  /** A `postgres://` URL, a folder for the embedded database, or a database that you opened. Default: embedded, in memory. */
  database?: string | Database;
  jobs?: readonly JobType[];
  packs?: readonly Pack[];
  /** Receivers of events, made by `defineSubscriber`, and of notifications, made by `defineChannel`. */
  receivers?: readonly Receiver[];
  /** Limits that jobs can use, by name. */
  limits?: Readonly<Record<string, LimitRule>>;
  /** Limits of whole queues, by the queue's name. */
  queues?: Readonly<Record<string, LimitRule>>;
  worker?: WorkerOptions;
  /** The storage of `ctx.files`: `fsStorage` or `s3Storage`. Use a storage for one database only. Default: none. */
  files?: FileStorage;
  /**
   * Encrypts the secret fields of inputs: 32 bytes in base64. With several keys, the first encrypts and any of them decrypts,
   * so that a key can be replaced while jobs wait.
   */
  secretKey?: string | readonly string[];
  /** How many days to keep the history of ended jobs. Failed jobs older than this are cancelled. Default: forever. */
  history?: { keepDays: number };
  /** Enqueues and runs nothing: `start` rehearses the ticks of the schedules at their times. Default: false. */
  dryRun?: boolean;
  /** Watches the jobs and sends alerts: `defineAlerts()` of `humdrum/alerts`. Default: none. */
  alerts?: Watch;
  /** Traces jobs from the enqueue to the run: `traceJobs()` of `humdrum/telemetry`. Default: none. */
  tracing?: Tracing;
  /** Called with every event of the engine. */
  onEvent?: Listener;
  /** The default actor in the audit log. Default: the user of this process. */
  actor?: string;
}

/** Who acts on a job, and why. Both are recorded in its audit. */
export interface OperatorAct {
  actor?: string;
  reason?: string | null;
}

/** A bulk action requires a reason. */
export type BulkOptions = Omit<BulkAct, 'actor'> & { actor?: string };
