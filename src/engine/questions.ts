import type { Readable } from 'node:stream';
import type { Database } from '../database/database.ts';
import type { Engine } from './assemble.ts';
import { requireJobId } from './base/job-id.ts';
import { type Kind, requireKind, required, TEXT } from './base/kinds.ts';
import { isObject } from './base/objects.ts';
import { exportAudit } from './audit/export.ts';
import { type AuditFound, type AuditQuery, searchAudit } from './audit/search.ts';
import { type AuditReport, storedAudit, verifyAudit } from './audit/verify.ts';
import { fileNamed, openFile } from './files/find-file.ts';
import type { FileFact } from './job/context.ts';
import type { Hold } from './job/hold.ts';
import type { JobType } from './job/job-type.ts';
import type { Action } from './job/lifecycle.ts';
import type { Registry } from './job/registry.ts';
import { countFor } from './operators/act-on-many.ts';
import { type Preview, previewOf } from './operators/preview.ts';
import {
  checkCall,
  type LetterOptions,
  type PageAfter,
  type TickOptions,
  type VerifyOptions,
} from './options.ts';
import { readHold } from './transitions/hold.ts';
import { exportAttempt, type Recording } from './rehearse/replay.ts';
import { childrenOf, type ChildrenPage } from './search/children.ts';
import { type DeadLetterPage, deadLetters, listReceivers } from './search/dead-letters.ts';
import { type JobQuery, LIMIT, type ListOptions, type PageOptions } from './search/job-query.ts';
import type { JobSummary } from './search/job-summary.ts';
import { type JobPage, listJobs, pageOfJobs } from './search/list-jobs.ts';
import { databaseFacts, type DatabaseFacts } from './show/database.ts';
import { type Execution, executionHistory, type ExecutionOptions } from './show/executions.ts';
import { type JobDetail, showJob } from './show/job.ts';
import { listQueues, type QueueSummary } from './show/queues.ts';
import {
  listSchedules,
  type NextTick,
  nextTicks,
  type ScheduleSummary,
  upcomingTicks,
} from './show/schedules.ts';
import { type PastTick, pastTicks } from './show/ticks.ts';
import { vitalSigns, type VitalSigns } from './show/vital-signs.ts';
import { type Standing, why } from './show/why.ts';
import { listWorkers, type WorkerSummary } from './show/workers.ts';
import { series, type Series, type SeriesOptions } from './statistics/series.ts';
import {
  countJobs,
  executionStats,
  type ExecutionStats,
  statistics,
  type StatisticsOptions,
  type TypeCounts,
  type TypeStatistics,
} from './statistics/statistics.ts';

const TYPE: Kind = {
  takes: 'a name, or what `defineJob` made',
  holds: (value) => typeof value === 'string',
};

/** What a program can ask an engine. Every method only reads. */
export class Questions {
  readonly database: Database;
  /** The job types that this process knows. */
  readonly types: Registry;
  protected readonly engine: Engine;

  constructor(engine: Engine) {
    this.engine = engine;
    this.database = engine.runtime.database;
    this.types = engine.runtime.types;
  }

  /** Migrations that this program has and the database does not, like `engine/0001_engine.sql`. Errors: `migration-changed`. */
  async pendingMigrations(): Promise<string[]> {
    const pending = await this.engine.pendingMigrations();
    return pending.map(({ set, name }) => `${set}/${name}`);
  }

  /** Since when the database is held, by whom and why. Null: it is not. While it is, no job starts and no schedule fires. */
  async hold(): Promise<Hold | null> {
    return readHold(this.database);
  }

  /** The number of jobs in each state by queue, and the number of live workers, at a bounded cost. */
  async vitalSigns(): Promise<VitalSigns> {
    return vitalSigns(this.database).catch((error: unknown) => {
      this.engine.runtime.onEvent({ event: 'trouble', doing: 'reading vital signs', error });
      throw error;
    });
  }

  /** One page of jobs, at a bounded cost. Errors: `filter-invalid`, `cursor-invalid`, `attribute-unknown`. */
  async pageOfJobs(options: PageOptions = {}): Promise<JobPage> {
    return pageOfJobs(this.database, options);
  }

  /** The first `limit` matching jobs, newest first, however far it has to look. Errors: as `pageOfJobs`. */
  async listJobs(options: ListOptions = {}): Promise<JobSummary[]> {
    return listJobs(this.database, options);
  }

  /** One job with everything recorded about it. Errors: `job-not-found`. */
  async showJob(id: number): Promise<JobDetail> {
    requireJobId(id);
    return showJob(this.database, id);
  }

  /** Why a job is where it is, in one sentence. Errors: `job-not-found`. */
  async why(id: number): Promise<Standing> {
    requireJobId(id);
    return why(this.database, id);
  }

  /** The jobs that a job waits for, or waited for, in pages. Errors: `filter-invalid`, `job-not-found` if `id` is none. */
  async childrenOf(id: number, page: PageAfter = {}): Promise<ChildrenPage> {
    requireJobId(id);
    checkCall('childrenOf', page, 'filter-invalid');
    return childrenOf(this.database, id, page);
  }

  /** A page of failed deliveries, each with the effects that were not delivered. Errors: as `pageOfJobs`. */
  async deadLetters(options: LetterOptions = {}): Promise<DeadLetterPage> {
    checkCall('deadLetters', options, 'filter-invalid');
    return deadLetters(this.database, options);
  }

  /** The receivers of effects: the job types that deliver to them, and the events that they subscribe to. */
  async listReceivers(): Promise<{ name: string; events: string[] }[]> {
    return listReceivers(this.database);
  }

  /** How many jobs `retryAll` or `cancelAll` would act on. Errors: `filter-invalid`, `attribute-unknown`. */
  async countFor(action: Action, query: JobQuery): Promise<number> {
    return countFor(this.database, action, query);
  }

  /** What `retryAll` or `cancelAll` would act on: counts of up to 100,000 jobs, and a few samples. Errors: as these. */
  async preview(action: Action, query: JobQuery): Promise<Preview> {
    return previewOf(this.database, action, query);
  }

  /**
   * The latest attempts, newest first, at most 100. Without those of the engine's own jobs, unless `system` is true: they are
   * looked for among the latest 10,000. Errors: `filter-invalid`.
   */
  async getExecutionHistory(limit = 20, options: ExecutionOptions = {}): Promise<Execution[]> {
    requireKind('filter-invalid', 'limit', limit, LIMIT);
    checkCall('getExecutionHistory', options, 'filter-invalid');
    return executionHistory(this.database, limit, options);
  }

  /** Counts of all attempts that were ever made. Without those of the engine's own jobs, unless `system` is true. */
  async getStats(options: ExecutionOptions = {}): Promise<ExecutionStats> {
    checkCall('getStats', options, 'filter-invalid');
    return executionStats(this.database, options);
  }

  /** How many jobs there are, by type and status. */
  async countJobs(): Promise<TypeCounts[]> {
    return countJobs(this.database);
  }

  /** Counts by type over a time range, with percentiles of run and wait times. Errors: `filter-invalid`. */
  async statistics(options: StatisticsOptions = {}): Promise<TypeStatistics[]> {
    checkCall('statistics', options, 'filter-invalid');
    return statistics(this.database, options);
  }

  /** The same counts by minute, hour or day, for a chart. Errors: `filter-invalid`. */
  async series(options: SeriesOptions): Promise<Series[]> {
    checkCall('series', options, 'filter-invalid');
    return series(this.database, options);
  }

  /** All queues, with the number of jobs in each state. */
  async listQueues(): Promise<QueueSummary[]> {
    return listQueues(this.database, this.types.queues());
  }

  /** The processes that run jobs. */
  async listWorkers(): Promise<WorkerSummary[]> {
    return listWorkers(this.database);
  }

  /** The next tick of each schedule, soonest first. Errors: `filter-invalid`. */
  async nextTicks(limit = 10): Promise<NextTick[]> {
    requireKind('filter-invalid', 'limit', limit, LIMIT);
    return nextTicks(this.database, this.types, limit);
  }

  /** The schedules of this process's own job types. */
  async listSchedules(): Promise<ScheduleSummary[]> {
    return listSchedules(this.database, this.types);
  }

  /** The next ticks of a type's schedule, from now on. Errors: `input-invalid` if it has none. */
  async upcomingTicks(type: JobType | string, count = 10): Promise<Date[]> {
    return upcomingTicks(this.database, this.typeOf(type), count);
  }

  /** The latest ticks of a type's schedule, with the jobs that they made. Errors: `type-unknown`. */
  async pastTicks(type: JobType | string, options: TickOptions = {}): Promise<PastTick[]> {
    checkCall('pastTicks', options, 'filter-invalid');
    return pastTicks(this.database, this.typeOf(type).type, options);
  }

  /** The version, size, largest tables and migrations of the database. */
  async databaseFacts(): Promise<DatabaseFacts> {
    return databaseFacts(this.database);
  }

  /** One page of the audit, newest first, at a bounded cost. Errors: `filter-invalid`. */
  async searchAudit(query: AuditQuery = {}): Promise<AuditFound> {
    checkCall('searchAudit', query, 'filter-invalid');
    return searchAudit(this.database, query);
  }

  /** Recomputes the seals over the audit. `expect`: the hash of a seal, noted earlier, that must be among them. */
  async verifyAudit(options: VerifyOptions = {}): Promise<AuditReport> {
    checkCall('verifyAudit', options, 'filter-invalid');
    return verifyAudit(storedAudit(this.database), options);
  }

  /** The audit and its seals as NDJSON, in chunks of many lines, for `verifyAuditExport`. */
  exportAudit(): AsyncGenerator<string> {
    return exportAudit(this.database);
  }

  /** What the last job that stored a file recorded about it. Errors: `file-not-found`. */
  async fileNamed(sha256: string): Promise<FileFact> {
    requireKind('filter-invalid', 'sha256', sha256, required(TEXT));
    return fileNamed(this.database, sha256);
  }

  /** The content of a stored file. Errors: `files-missing`, `file-not-found`. */
  async openFile(sha256: string): Promise<Readable> {
    return openFile(this.engine.runtime.files, sha256);
  }

  /** One attempt with everything that its handler was given, without secrets, to `replay` elsewhere. Errors: `job-not-found`. */
  async exportAttempt(jobId: number, attempt?: number): Promise<Recording> {
    requireJobId(jobId);
    return exportAttempt(this.database, jobId, attempt);
  }

  /** Errors: `type-unknown`. */
  protected typeOf(type: JobType | string): JobType {
    const name = isObject(type) ? type.type : type;
    requireKind('type-unknown', 'A job type', name, required(TYPE));
    return this.types.get(name);
  }
}
