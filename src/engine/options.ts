import type { Database } from '../database/database.ts';
import type { AuditQuery } from './audit/search.ts';
import {
  checkKinds,
  DATE,
  FLAG,
  FUNCTION,
  type Kind,
  type Kinds,
  listOf,
  oneOf,
  oneOrMore,
  orNull,
  required,
  TEXT,
  whole,
} from './base/kinds.ts';
import { isObject } from './base/objects.ts';
import type { JobType } from './job/job-type.ts';
import { EVENTS } from './job/lifecycle.ts';
import type { LimitRule } from './job/limit-rule.ts';
import type { Pack } from './job/pack.ts';
import type { BulkAct } from './operators/act-on-many.ts';
import type { Watch } from './ports/alerts.ts';
import type { Listener } from './ports/events.ts';
import type { FileStorage } from './ports/file-storage.ts';
import type { Receiver } from './ports/receivers.ts';
import type { Tracing } from './ports/tracing.ts';
import { type BackfillOptions, MAX_REHEARSALS, MAX_TICKS } from './schedule/backfill.ts';
import { LIMIT } from './search/job-query.ts';
import type { ExecutionOptions } from './show/executions.ts';
import { type SeriesOptions, STEPS } from './statistics/series.ts';
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
  /**
   * Changes no job and runs none: `start` rehearses the ticks of the schedules at their times. JOB_DRY_RUN=1 in the environment
   * does the same, whatever stands here. Default: false.
   */
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

const AN_OBJECT: Kind = { takes: 'an object', holds: isAnObject };
const ANYTHING: Kind = { takes: 'anything', holds: () => true };
const LIST: Kind = { takes: 'a list', holds: Array.isArray };

const OPTIONS = {
  database: {
    takes: 'a postgres:// URL, a folder, or a database that you opened',
    holds: (value) => typeof value === 'string' || isAnObject(value),
  },
  migrate: FLAG,
  jobs: listOf({ takes: 'a job type made by defineJob', holds: isJobType }),
  packs: LIST,
  receivers: LIST,
  limits: AN_OBJECT,
  queues: AN_OBJECT,
  worker: AN_OBJECT,
  files: { takes: 'a storage: fsStorage(…) or s3Storage(…)', holds: isAnObject },
  secretKey: oneOrMore(TEXT),
  history: AN_OBJECT,
  dryRun: FLAG,
  alerts: { takes: 'what defineAlerts() returns', holds: isAnObject },
  tracing: { takes: 'what traceJobs() returns', holds: isAnObject },
  onEvent: FUNCTION,
  actor: TEXT,
} satisfies Kinds<HumdrumOptions>;
const HISTORY = {
  keepDays: required(whole(1, 36_500)),
} satisfies Kinds<NonNullable<HumdrumOptions['history']>>;

function isAnObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isJobType(value: unknown): boolean {
  return isAnObject(value) && typeof (value as Partial<JobType>).run === 'function';
}

/** `more`: options of whoever wraps `createHumdrum`. Errors: `config-invalid`. */
export function checkOptions(
  options: HumdrumOptions,
  what = 'The options of createHumdrum',
  more: Readonly<Record<string, true>> = {},
): void {
  const others = Object.fromEntries(Object.keys(more).map((name) => [name, ANYTHING]));
  checkKinds('config-invalid', what, options, { ...OPTIONS, ...others });
  const { history } = options;
  if (history) checkKinds('config-invalid', what, history, HISTORY, 'history.');
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

const ATTEMPTS: Kind = {
  takes: `${whole(0).takes}, or Infinity`,
  holds: (value) => value === Infinity || whole(0).holds(value),
};
const REASON: Kind = {
  takes: 'a text that says why: the audit of each job keeps it',
  holds: (value) => TEXT.holds(value) && String(value).trim() !== '',
};
const OVER_MS: Kind = {
  takes: 'a number from 0 to 604,800,000 (a week)',
  holds: (value) => typeof value === 'number' && value >= 0 && value <= 604_800_000,
};
const PART: Kind = {
  takes: 'an object of whole numbers: afterId, from, of',
  holds: (value) => {
    const { afterId, from, of } = { ...(isObject(value) && value) } as Record<string, unknown>;
    return [afterId, from, of].every(whole(0).holds);
  },
};

/** What the methods of an engine take, by their names. */
const METHODS = {
  run: { at: DATE, actor: TEXT, ifPlan: TEXT } satisfies Kinds<RunOptions>,
  drain: { maxAttempts: ATTEMPTS } satisfies Kinds<DrainOptions>,
  backfill: {
    from: required(DATE),
    to: required(DATE),
    limit: whole(1, MAX_TICKS),
    dryRun: FLAG,
    rehearsals: whole(1, MAX_REHEARSALS),
    actor: TEXT,
    reason: orNull(TEXT),
  } satisfies Kinds<BackfillOptions>,
  retry: { actor: TEXT, reason: orNull(TEXT) } satisfies Kinds<OperatorAct>,
  cancel: { actor: TEXT, reason: orNull(TEXT) } satisfies Kinds<OperatorAct>,
  actOnAll: {
    actor: TEXT,
    reason: required(REASON),
    overMs: OVER_MS,
    atMost: whole(0),
    upToId: whole(0),
    part: PART,
    onProgress: FUNCTION,
  } satisfies Kinds<BulkOptions>,
  getExecutionHistory: { system: FLAG } satisfies Kinds<ExecutionOptions>,
  getStats: { system: FLAG } satisfies Kinds<ExecutionOptions>,
  childrenOf: { after: whole(0), limit: LIMIT } satisfies Kinds<PageAfter>,
  deadLetters: { receiver: TEXT, limit: LIMIT, after: TEXT } satisfies Kinds<LetterOptions>,
  statistics: { from: DATE, to: DATE, type: TEXT } satisfies Kinds<StatisticsOptions>,
  series: {
    from: required(DATE),
    to: required(DATE),
    step: required(oneOf(Object.keys(STEPS))),
    types: listOf(TEXT),
  } satisfies Kinds<SeriesOptions>,
  pastTicks: { before: DATE, limit: LIMIT } satisfies Kinds<TickOptions>,
  searchAudit: {
    jobId: whole(0),
    actor: TEXT,
    events: listOf(oneOf(Object.keys(EVENTS))),
    from: DATE,
    to: DATE,
    limit: LIMIT,
    before: whole(0),
  } satisfies Kinds<AuditQuery>,
  verifyAudit: { expect: TEXT } satisfies Kinds<VerifyOptions>,
};

/** Errors: `input-invalid` for a command, `filter-invalid` for a question. */
export function checkCall(
  method: keyof typeof METHODS,
  given: object | undefined,
  code: 'input-invalid' | 'filter-invalid' = 'input-invalid',
): void {
  checkKinds(code, `The options of ${method}`, given, METHODS[method]);
}
