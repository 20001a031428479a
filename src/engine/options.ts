import type { Database } from '../database/database.ts';
import type { BulkAct } from './operators/act-on-many.ts';
import type { JobType } from './job/job-type.ts';
import type { LimitRule } from './job/limit-rule.ts';
import type { Pack } from './job/pack.ts';
import type { Watch } from './ports/alerts.ts';
import type { Listener } from './ports/events.ts';
import type { FileStorage } from './ports/file-storage.ts';
import type { Tracing } from './ports/tracing.ts';
import type { Receiver } from './ports/receivers.ts';
import type { WorkerOptions } from './worker/options.ts';

export interface HumdrumOptions {
  /** A `postgres://` URL, a folder for the embedded database, or a database that you opened. Default: embedded, in memory. */
  database?: string | Database;
  /**
   * False: the database is opened as it is. One that does not exist is refused with `database-missing`, and tables older or
   * newer than this program with `schema-outdated` or `schema-newer`. A database in memory always gets its tables. Default:
   * true.
   */
  migrate?: boolean;
  jobs?: readonly JobType[];
  packs?: readonly Pack[];
  /** Who hears events, see `defineSubscriber`, and where notifications go, see `defineChannel` and `humdrum/channels`. */
  receivers?: readonly Receiver[];
  /** Limits that jobs name, by name. */
  limits?: Readonly<Record<string, LimitRule>>;
  /** Limits of whole queues, by the queue's name. */
  queues?: Readonly<Record<string, LimitRule>>;
  worker?: WorkerOptions;
  /** Where `ctx.files` keeps files: `fsStorage` or `s3Storage`. One place belongs to one database. Default: nowhere. */
  files?: FileStorage;
  /**
   * Seals the secret fields of inputs: 32 bytes in base64. Of several the first seals and all open, so that it can be
   * changed while jobs wait.
   */
  secretKey?: string | readonly string[];
  /** How long the history of jobs that have ended is kept. A failed job counts as ended after so long. Default: for ever. */
  history?: { keepDays: number };
  /** Nothing is enqueued or run: `start` rehearses the ticks of the schedules as they come. Default: false. */
  dryRun?: boolean;
  /** Watches the jobs and raises alerts: `defineAlerts()` of `humdrum/alerts`. Default: none. */
  alerts?: Watch;
  /** Follows jobs from where they are enqueued to where they run: `traceJobs()` of `humdrum/telemetry`. Default: nobody. */
  tracing?: Tracing;
  /** Hears what the engine does. */
  onEvent?: Listener;
  /** Who acts, in the audit log. Default: the user of this process. */
  actor?: string;
}

/** Who acts on a job, and why: both stand in its audit. */
export interface OperatorAct {
  actor?: string;
  reason?: string | null;
}

/** A bulk act needs a reason. */
export type BulkOptions = Omit<BulkAct, 'actor'> & { actor?: string };
