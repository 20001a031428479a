import { userInfo } from 'node:os';
import type { Readable } from 'node:stream';
import type { Database, Queryable } from '../database/database.ts';
import { type MigrationSet, planMigrations } from '../database/migrate.ts';
import { exportAudit } from './audit/export.ts';
import { type AuditFound, type AuditQuery, searchAudit } from './audit/search.ts';
import { type AuditReport, storedAudit, verifyAudit } from './audit/verify.ts';
import type { Receiver } from './deliveries/receiver.ts';
import { Enqueuer } from './enqueue/enqueuer.ts';
import { Announcer } from './enqueue/notify.ts';
import { fileNamed, openFile } from './files/find-file.ts';
import type { FileFact } from './job/context.ts';
import type { JobType } from './job/job-type.ts';
import type { Action } from './job/lifecycle.ts';
import { limitsOf } from './job/limit-rule.ts';
import { migrationSets } from './job/pack.ts';
import type { Plan } from './job/plan.ts';
import { Registry } from './job/registry.ts';
import type { Enqueued, EnqueueOptions, JobRequest } from './job/request.ts';
import { Vault } from './job/secrets.ts';
import { type Acted, actOnAll, countFor, type JobFilter } from './operators/act-on-many.ts';
import { act } from './operators/act-on-one.ts';
import { type Preview, previewOf } from './operators/preview.ts';
import type { BulkOptions, HumdrumOptions, OperatorAct } from './options.ts';
import type { Listener } from './ports/events.ts';
import type { World } from './ports/runtime.ts';
import { register } from './register/register.ts';
import { registerSchedules } from './register/schedules.ts';
import { rehearse } from './rehearse/rehearse.ts';
import {
  exportAttempt,
  parseRecording,
  type Recording,
  replay,
  type Replay,
} from './rehearse/replay.ts';
import { backfill, type Backfill, type BackfillOptions } from './schedule/backfill.ts';
import { childrenOf, type ChildrenPage } from './search/children.ts';
import { type DeadLetterPage, deadLetters, listReceivers } from './search/dead-letters.ts';
import type { ListOptions, PageOptions } from './search/job-query.ts';
import type { JobSummary } from './search/job-summary.ts';
import { type JobPage, listJobs, pageOfJobs } from './search/list-jobs.ts';
import { databaseFacts, type DatabaseFacts } from './show/database.ts';
import { type Execution, executionHistory } from './show/executions.ts';
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
import { systemTypes } from './system/index.ts';
import { drain, type Drained, type DrainOptions } from './worker/drain.ts';
import { DryRun } from './worker/dry-run-loop.ts';
import { checkConnections, workerSettings, type WorkerSettings } from './worker/options.ts';
import { runNow, type RunOptions, type RunReport } from './worker/run-now.ts';
import { Worker, type WorkerState } from './worker/worker.ts';

/** What a program holds: it enqueues, runs, asks and acts. `createHumdrum` makes one. */
export class Humdrum {
  readonly database: Database;
  readonly types: Registry;
  readonly #world: World;
  readonly #settings: WorkerSettings;
  readonly #receivers: readonly Receiver[];
  readonly #actor: string;
  readonly #ownsDatabase: boolean;
  readonly #announcer: Announcer;
  readonly #migrations: readonly MigrationSet[];
  readonly #listeners: Set<Listener>;
  readonly #hearers = new Set<() => void>();
  readonly dryRun: boolean;
  #worker: Worker | null = null;
  #dryRunner: DryRun | null = null;
  #starting: Promise<void> | null = null;

  constructor(database: Database, options: HumdrumOptions, ownsDatabase: boolean) {
    const { packs = [], jobs = [], receivers = [], files = null, history } = options;
    const { tracing = null, dryRun = false } = options;
    const keepDays = history?.keepDays ?? null;
    const tell: Listener = (event) => {
      for (const listener of this.#listeners) listener(event);
    };
    const types = new Registry(
      [...packs.flatMap((pack) => pack.jobs), ...jobs],
      [
        ...systemTypes(database, { files, keepDays }),
        ...(options.alerts?.types({ database, tell }) ?? []),
        ...receivers.map(({ type }) => type),
      ],
    );
    const limits = limitsOf(options);
    const vault = new Vault([options.secretKey ?? []].flat());
    const announcer = new Announcer(database, (word) => {
      this.#worker?.ring(word);
      for (const hear of this.#hearers) hear();
    });
    this.database = database;
    this.dryRun = dryRun;
    this.types = types;
    this.#announcer = announcer;
    this.#settings = workerSettings(options.worker);
    this.#receivers = receivers;
    this.#actor = options.actor ?? `user:${userInfo().username}`;
    this.#ownsDatabase = ownsDatabase;
    this.#migrations = migrationSets(packs);
    this.#listeners = new Set(options.onEvent ? [options.onEvent] : []);
    this.#world = {
      database,
      types,
      limits,
      vault,
      files,
      enqueuer: new Enqueuer({ database, types, limits, vault, announcer, tracing, dryRun }),
      tracing,
      onEvent: tell,
      onWoken: () => void announcer.announce('ready'),
    };
  }

  /** Calls `listener` with whatever the engine tells from now on, until what this answers is called. */
  observe(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** What the worker of this process is doing. Null: `start` has not been called, or `stop` is done. */
  get worker(): WorkerState | null {
    return this.#worker?.state ?? null;
  }

  /** Where the jobs of each queue are at this moment, and how many workers there are, at a bounded cost. */
  async vitalSigns(): Promise<VitalSigns> {
    return vitalSigns(this.database).catch((error: unknown) => {
      this.#world.onEvent({ event: 'trouble', doing: 'reading vital signs', error });
      throw error;
    });
  }

  /** Migrations that this program has and the database has not, like `engine/0001_engine.sql`. Errors: `migration-changed`. */
  async pendingMigrations(): Promise<string[]> {
    const pending = await planMigrations(this.database, this.#migrations);
    return pending.map(({ set, name }) => `${set}/${name}`);
  }

  /** Persists one job and answers its id. Inside a handler or a `database.transaction` it belongs to that transaction. */
  async enqueue<Input>(
    type: JobType<Input> | string,
    input?: Input,
    { actor, ...options }: EnqueueOptions & Pick<JobRequest, 'children'> & { actor?: string } = {},
  ): Promise<Enqueued> {
    return this.#enqueueOne({ type, input, ...options }, actor);
  }

  /** Persists all of them, in order, or none. */
  async enqueueMany(requests: readonly JobRequest[]): Promise<number[]> {
    return idsOf(await this.#world.enqueuer.enqueue(requests, this.#actor));
  }

  /** Persists jobs inside a transaction that you hold: a client of `pg`, or what `humdrum/adapters` makes of another library's. They start when you commit. */
  async enqueueWithin(client: Queryable, requests: readonly JobRequest[]): Promise<number[]> {
    return idsOf(await this.#world.enqueuer.enqueueWithin(client, requests, this.#actor));
  }

  /** Tells what a run would do, and does none of it. */
  async rehearse(type: JobType | string, input: unknown = {}, at?: Date): Promise<Plan> {
    return rehearse(this.#world, this.#type(type), input, at);
  }

  /** Persists a job and runs it here and now. Errors: `input-invalid`, `action-refused`, `limit-reached`, `plan-changed`. */
  async run(
    type: JobType | string,
    input: unknown = {},
    options: RunOptions = {},
  ): Promise<RunReport> {
    await register(this.#world, this.#receivers, this.#actor);
    const by = { actor: this.#actor, leaseMs: this.#settings.leaseMs, ...options };
    return runNow(this.#world, this.#type(type), input, by);
  }

  /** One attempt with all that its handler was given, without secrets, to `replay` elsewhere. Errors: `job-not-found`. */
  async exportAttempt(jobId: number, attempt?: number): Promise<Recording> {
    return exportAttempt(this.database, jobId, attempt);
  }

  /** Rehearses a recorded attempt on the data that is here, and compares. Errors: `input-invalid`, `type-unknown`. */
  async replay(recording: unknown): Promise<Replay> {
    const parsed = parseRecording(recording);
    return replay(this.#world, this.#type(parsed.type), parsed);
  }

  /** Runs what is due, one job after another, until nothing may start, and ends: for a process that something else starts. */
  async drain(options: DrainOptions = {}): Promise<Drained> {
    await this.register();
    return drain(this.#world, { ...this.#settings, ...options });
  }

  /** Writes down what all processes of the database must know of this one: limits, receivers, schedules. `start` does it too. */
  async register(): Promise<void> {
    await register(this.#world, this.#receivers, this.#actor);
    await registerSchedules(this.database, this.types);
  }

  /** Starts the scheduler and a worker in this process. With `dryRun` it rehearses the ticks that come, and that is all. */
  async start(): Promise<void> {
    this.#starting ??= this.#start();
    await this.#starting;
  }

  /** Stops taking jobs, and waits for those that run; after `deadlineMs` they are aborted and given back. */
  async stop(deadlineMs?: number): Promise<void> {
    await this.#starting?.catch(() => undefined);
    this.#starting = null;
    await Promise.all([this.#worker?.stop(deadlineMs), this.#announcer.stop()]);
    await this.#dryRunner?.stop();
    this.#worker = null;
    this.#dryRunner = null;
  }

  async close(): Promise<void> {
    await this.stop();
    if (this.#ownsDatabase) await this.database.close();
  }

  /** Enqueues a job now, by the name of its type. */
  async triggerJob(type: string, input?: unknown, actor?: string): Promise<Enqueued> {
    return this.#enqueueOne({ type, input }, actor);
  }

  async getExecutionHistory(limit = 20): Promise<Execution[]> {
    return executionHistory(this.database, limit);
  }

  async getStats(): Promise<ExecutionStats> {
    return executionStats(this.database);
  }

  /** How many jobs there are, by type and status. */
  async countJobs(): Promise<TypeCounts[]> {
    return countJobs(this.database);
  }

  /** What happened in a time, by type, with percentiles of run and waiting times. Errors: `filter-invalid`. */
  async statistics(options: StatisticsOptions = {}): Promise<TypeStatistics[]> {
    return statistics(this.database, options);
  }

  /** The same in steps of time: what a chart shows. Errors: `filter-invalid`. */
  async series(options: SeriesOptions): Promise<Series[]> {
    return series(this.database, options);
  }

  /** All queues, with how many jobs are where in them. */
  async listQueues(): Promise<QueueSummary[]> {
    return listQueues(this.database, this.types.queues());
  }

  /** The processes that run jobs. */
  async listWorkers(): Promise<WorkerSummary[]> {
    return listWorkers(this.database);
  }

  /** What is good to know of the database. */
  async databaseFacts(): Promise<DatabaseFacts> {
    return databaseFacts(this.database);
  }

  /** One page of the audit, the newest first, at a bounded cost. */
  async searchAudit(query: AuditQuery = {}): Promise<AuditFound> {
    return searchAudit(this.database, query);
  }

  /** Recomputes the seals over the audit. `expect`: the hash of a seal, noted earlier, that must be among them. */
  async verifyAudit(options: { expect?: string } = {}): Promise<AuditReport> {
    return verifyAudit(storedAudit(this.database), options);
  }

  /** The audit and its seals as NDJSON, in pieces of many lines, for `verifyAuditExport`. */
  exportAudit(): AsyncGenerator<string> {
    return exportAudit(this.database);
  }

  /** The next tick of each schedule, soonest first. */
  async nextTicks(limit = 10): Promise<NextTick[]> {
    return nextTicks(this.database, this.types, limit);
  }

  async listSchedules(): Promise<ScheduleSummary[]> {
    return listSchedules(this.database, this.types);
  }

  /** The next ticks of a type's schedule, from now on. Errors: `input-invalid` where it has none. */
  async upcomingTicks(type: JobType | string, count = 10): Promise<Date[]> {
    return upcomingTicks(this.database, this.#type(type), count);
  }

  /** The latest ticks of a type's schedule, with the jobs that they made. Errors: `type-unknown`. */
  async pastTicks(
    type: JobType | string,
    options: { before?: Date; limit?: number } = {},
  ): Promise<PastTick[]> {
    return pastTicks(this.database, this.#type(type).type, options);
  }

  /** Makes the jobs of ticks that have passed without one, or rehearses them. Errors: `input-invalid`. */
  async backfill(type: JobType | string, options: BackfillOptions): Promise<Backfill> {
    const by = { actor: this.#actor, ...options };
    const made = await backfill(this.#world, this.#type(type), by);
    if (made.jobs.length > 0) await this.#announcer.announce('later');
    return made;
  }

  /** One page of a list of jobs, at a bounded cost. Errors: `filter-invalid`, `cursor-invalid`, `attribute-unknown`. */
  async pageOfJobs(options: PageOptions = {}): Promise<JobPage> {
    return pageOfJobs(this.database, options);
  }

  /** The first `limit` jobs that fit, newest first, however far it has to look. Errors: as `pageOfJobs`. */
  async listJobs(options: ListOptions = {}): Promise<JobSummary[]> {
    return listJobs(this.database, options);
  }

  /** The jobs that a job waits for, or waited for, in pages. */
  async childrenOf(
    id: number,
    page: { after?: number; limit?: number } = {},
  ): Promise<ChildrenPage> {
    return childrenOf(this.database, id, page);
  }

  /** A page of deliveries that have failed, with what was not delivered. Errors: as `pageOfJobs`. */
  async deadLetters(
    options: { receiver?: string; limit?: number; after?: string } = {},
  ): Promise<DeadLetterPage> {
    return deadLetters(this.database, options);
  }

  /** Who gets effects: the types of their deliveries, and the events that they hear. */
  async listReceivers(): Promise<{ name: string; events: string[] }[]> {
    return listReceivers(this.database);
  }

  /** What a job says of a file that it stored. Errors: `file-not-found`. */
  async fileNamed(sha256: string): Promise<FileFact> {
    return fileNamed(this.database, sha256);
  }

  /** The content of a stored file. Errors: `files-missing`, `file-not-found`. */
  async openFile(sha256: string): Promise<Readable> {
    return openFile(this.#world.files, sha256);
  }

  async showJob(id: number): Promise<JobDetail> {
    return showJob(this.database, id);
  }

  /** Why a job is where it is, in one sentence. Errors: `job-not-found`. */
  async why(id: number): Promise<Standing> {
    return why(this.database, id);
  }

  /** Gives a failed job one more attempt, now. Errors: `action-refused` with its status, `job-not-found`. */
  async retry(id: number, by: OperatorAct = {}): Promise<void> {
    await this.#act('retry', id, by);
  }

  /** Cancels a job that is queued or failed. Errors: `action-refused` with its status, `job-not-found`. */
  async cancel(id: number, by: OperatorAct = {}): Promise<void> {
    await this.#act('cancel', id, by);
  }

  /** How many jobs `retryAll` or `cancelAll` would act on. */
  async countFor(action: Action, filter: JobFilter): Promise<number> {
    return countFor(this.database, action, filter);
  }

  /** What `retryAll` or `cancelAll` would be done to: counts of up to 100,000 jobs, and some of them. */
  async preview(action: Action, filter: JobFilter): Promise<Preview> {
    return previewOf(this.database, action, filter);
  }

  /** Retries all failed jobs that fit, in batches. Errors: `input-invalid`. */
  async retryAll(filter: JobFilter, by: BulkOptions): Promise<number> {
    return (await this.actOnAll('retry', filter, by)).done;
  }

  /** Cancels all queued or failed jobs that fit, in batches. Errors: `input-invalid`. */
  async cancelAll(filter: JobFilter, by: Omit<BulkOptions, 'overMs'>): Promise<number> {
    return (await this.actOnAll('cancel', filter, by)).done;
  }

  /** Either, and how far it has come: for whoever goes on in parts. Errors: `input-invalid`. */
  async actOnAll(action: Action, filter: JobFilter, by: BulkOptions): Promise<Acted> {
    const acted = await actOnAll(this.database, action, filter, { actor: this.#actor, ...by });
    await this.#announcer.announce('later');
    return acted;
  }

  /**
   * Calls `heard` when something may have changed, here or, where PostgreSQL tells, in another process: a hint, not all there
   * is. Answers what ends that.
   */
  async hear(heard: () => void): Promise<() => void> {
    this.#hearers.add(heard);
    const stopObserving = this.observe(({ event }) => {
      if (event === 'job-settled') heard();
    });
    await this.#announcer.listen().catch(() => undefined);
    return () => {
      stopObserving();
      this.#hearers.delete(heard);
    };
  }

  async #act(
    action: Action,
    id: number,
    { actor = this.#actor, reason = null }: OperatorAct,
  ): Promise<void> {
    await act(this.database, action, id, { actor, reason });
    await this.#announcer.announce('later'); // A cancelled job too may have been what others waited for.
  }

  async #start(): Promise<void> {
    const { onEvent } = this.#world;
    if (this.dryRun) {
      this.#dryRunner = new DryRun(this.#world);
      return this.#dryRunner.start();
    }
    checkConnections(this.database, this.#settings);
    await this.register();
    this.#worker = new Worker(this.#world, this.#settings);
    await this.#worker.start();
    // A hint that cannot be had, behind a transaction pooler for one, is no reason not to work.
    await this.#announcer
      .listen()
      .then((all) => (all ? this.#worker?.hears() : undefined))
      .catch((error: unknown) => onEvent({ event: 'trouble', doing: 'listening', error }));
  }

  async #enqueueOne(request: JobRequest, actor = this.#actor): Promise<Enqueued> {
    const [enqueued] = await this.#world.enqueuer.enqueue([request], actor);
    if (!enqueued) throw new Error('An enqueued job has an id.');
    return enqueued;
  }

  #type(type: JobType | string): JobType {
    return this.types.get(typeof type === 'string' ? type : type.type);
  }
}

const idsOf = (enqueued: readonly Enqueued[]): number[] => enqueued.map(({ id }) => id);
