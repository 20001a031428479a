import type { Database } from '../database/database.ts';
import { type Names, refuseUnknown } from '../errors.ts';
import type { AuditQuery } from './audit/search.ts';
import type { BulkAct } from './operators/act-on-many.ts';
import type { JobType } from './job/job-type.ts';
import type { LimitRule } from './job/limit-rule.ts';
import type { Pack } from './job/pack.ts';
import type { Watch } from './ports/alerts.ts';
import type { Listener } from './ports/events.ts';
import type { FileStorage } from './ports/file-storage.ts';
import type { Tracing } from './ports/tracing.ts';
import type { Receiver } from './ports/receivers.ts';
import type { BackfillOptions } from './schedule/backfill.ts';
import type { SeriesOptions } from './statistics/series.ts';
import type { StatisticsOptions } from './statistics/statistics.ts';
import type { DrainOptions } from './worker/drain.ts';
import type { WorkerOptions } from './worker/options.ts';
import type { RunOptions } from './worker/run-now.ts';

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
  /** Receivers of events, made by `defineSubscriber`, and of notifications: `defineChannel`, or one of `humdrum/channels`. */
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
  /** Watches the jobs and raises alerts: `defineAlerts()` of `humdrum/alerts`. Default: none. */
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

const OPTIONS = {
  database: true,
  migrate: true,
  jobs: true,
  packs: true,
  receivers: true,
  limits: true,
  queues: true,
  worker: true,
  files: true,
  secretKey: true,
  history: true,
  dryRun: true,
  alerts: true,
  tracing: true,
  onEvent: true,
  actor: true,
} satisfies Names<HumdrumOptions>;
const HISTORY = { keepDays: true } satisfies Names<NonNullable<HumdrumOptions['history']>>;

/** `more`: options of whoever wraps `createHumdrum`. Errors: `config-invalid`. */
export function checkOptions(
  options: HumdrumOptions,
  what = 'The options of createHumdrum',
  more: Readonly<Record<string, true>> = {},
): void {
  refuseUnknown('config-invalid', what, options, { ...OPTIONS, ...more });
  refuseUnknown('config-invalid', what, options.history, HISTORY, 'history.');
}

export interface PageAfter {
  after?: number;
  limit?: number;
}

export interface LetterOptions {
  receiver?: string;
  limit?: number;
  after?: string;
}

export interface TickOptions {
  before?: Date;
  limit?: number;
}

export interface VerifyOptions {
  expect?: string;
}

/** What the methods of an engine take, by their names. */
const METHODS = {
  run: { at: true, actor: true, ifPlan: true } satisfies Names<RunOptions>,
  drain: { maxAttempts: true } satisfies Names<DrainOptions>,
  backfill: {
    from: true,
    to: true,
    limit: true,
    dryRun: true,
    rehearsals: true,
    actor: true,
    reason: true,
  } satisfies Names<BackfillOptions>,
  retry: { actor: true, reason: true } satisfies Names<OperatorAct>,
  cancel: { actor: true, reason: true } satisfies Names<OperatorAct>,
  actOnAll: {
    actor: true,
    reason: true,
    overMs: true,
    atMost: true,
    part: true,
    onProgress: true,
  } satisfies Names<BulkOptions>,
  childrenOf: { after: true, limit: true } satisfies Names<PageAfter>,
  deadLetters: { receiver: true, limit: true, after: true } satisfies Names<LetterOptions>,
  statistics: { from: true, to: true, type: true } satisfies Names<StatisticsOptions>,
  series: { from: true, to: true, step: true, types: true } satisfies Names<SeriesOptions>,
  pastTicks: { before: true, limit: true } satisfies Names<TickOptions>,
  searchAudit: {
    jobId: true,
    actor: true,
    events: true,
    from: true,
    to: true,
    limit: true,
    before: true,
  } satisfies Names<AuditQuery>,
  verifyAudit: { expect: true } satisfies Names<VerifyOptions>,
};

/** Errors: `input-invalid` for a command, `filter-invalid` for a question. */
export function checkCall(
  method: keyof typeof METHODS,
  given: object,
  code: 'input-invalid' | 'filter-invalid' = 'input-invalid',
): void {
  refuseUnknown(code, `The options of ${method}`, given, METHODS[method]);
}
