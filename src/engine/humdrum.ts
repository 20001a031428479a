import { userInfo } from 'node:os';
import type { Database, Queryable } from '../database/database.ts';
import { migrate } from '../database/migrate.ts';
import { openDatabase } from '../database/open.ts';
import { HumdrumError } from '../errors.ts';
import { exportAudit } from './audit-export.ts';
import { Announcer } from './announcer.ts';
import { backfill, type Backfill, type BackfillOptions } from './backfill.ts';
import { actOnAll, countFor, type JobFilter } from './bulk.ts';
import { cancel } from './cancel.ts';
import type { Enqueued } from './enqueue.ts';
import type { BulkOptions, HumdrumOptions, OperatorAct } from './humdrum-options.ts';
import { Enqueuer, type JobRequest } from './enqueuer.ts';
import type { Listener } from './events.ts';
import { executionHistory, executionStats, listJobs, showJob } from './history.ts';
import type { Execution, ExecutionStats, JobDetail, JobSummary, ListOptions } from './history.ts';
import type { JobType } from './job-type.ts';
import { limitsOf, type Limits } from './limit.ts';
import type { Action } from './lifecycle.ts';
import { buryStrangers } from './membership.ts';
import { migrationSets } from './pack.ts';
import type { EnqueueOptions } from './new-job.ts';
import type { Plan } from './plan.ts';
import { registerReceivers, type Receiver } from './receiver.ts';
import { registerLimits } from './register-limits.ts';
import { Registry } from './registry.ts';
import { rehearse } from './rehearse.ts';
import { keyHolder, retry } from './retry.ts';
import { runNow, type RunReport } from './run-now.ts';
import { why, type Standing } from './why.ts';
import { listSchedules, nextTicks, registerSchedules, upcomingTicks } from './schedule.ts';
import type { NextTick, ScheduleSummary } from './schedule.ts';
import { systemTypes } from './system/index.ts';
import { storedAudit, verifyAudit, type AuditReport } from './verify-audit.ts';
import { Worker } from './worker.ts';
import { workerSettings, type WorkerSettings } from './worker-options.ts';

/** Opens the database, brings its tables up to date, and knows your job types. Nothing runs before `start`. */
export async function createHumdrum(options: HumdrumOptions = {}): Promise<Humdrum> {
  const { database } = options;
  const own = database === undefined || typeof database === 'string';
  const { concurrency } = workerSettings(options.worker);
  const db = own ? await openDatabase(database, { max: concurrency + RESERVED }) : database;
  try {
    const humdrum = new Humdrum(db, options, own);
    await migrate(db, migrationSets(options.packs ?? []));
    await buryStrangers(db);
    return humdrum;
  } catch (error) {
    if (own) await db.close();
    throw error;
  }
}

/** Connections that handlers must not take: for claiming, settling, heartbeats and upkeep. */
const RESERVED = 4;

export class Humdrum {
  readonly database: Database;
  readonly types: Registry;
  readonly #settings: WorkerSettings;
  readonly #onEvent: Listener;
  readonly #actor: string;
  readonly #ownsDatabase: boolean;
  readonly #announcer: Announcer;
  readonly #limits: Limits;
  readonly #receivers: readonly Receiver[];
  readonly #enqueuer: Enqueuer;
  #worker: Worker | null = null;
  #starting: Promise<void> | null = null;

  constructor(database: Database, options: HumdrumOptions, ownsDatabase: boolean) {
    this.database = database;
    const { packs = [], jobs = [], receivers = [] } = options;
    this.#receivers = receivers;
    const own = [...packs.flatMap((pack) => pack.jobs), ...jobs];
    this.types = new Registry(own, [...systemTypes, ...receivers.map(({ type }) => type)]);
    this.#limits = limitsOf(options);
    this.#settings = workerSettings(options.worker);
    this.#onEvent = options.onEvent ?? (() => undefined);
    this.#actor = options.actor ?? `user:${userInfo().username}`;
    this.#ownsDatabase = ownsDatabase;
    const announcer = new Announcer(database, (word) => this.#worker?.ring(word));
    this.#announcer = announcer;
    this.#enqueuer = new Enqueuer({ database, types: this.types, limits: this.#limits, announcer });
  }

  /** Persists one job and answers its id. Inside a handler or a `database.transaction` it belongs to that transaction. */
  async enqueue<Input>(
    type: JobType<Input> | string,
    input?: Input,
    options: EnqueueOptions & Pick<JobRequest, 'children'> = {},
  ): Promise<Enqueued> {
    return this.#enqueueOne({ type, input, ...options });
  }

  /** Persists all of them, in order, or none. */
  async enqueueMany(requests: readonly JobRequest[]): Promise<number[]> {
    return idsOf(await this.#enqueuer.enqueue(requests, this.#actor));
  }

  /** Persists jobs inside a transaction that you hold: `pg.Client`, or whatever has its `query`. They start when you commit. */
  async enqueueWithin(client: Queryable, requests: readonly JobRequest[]): Promise<number[]> {
    return idsOf(await this.#enqueuer.enqueueWithin(client, requests, this.#actor));
  }

  /** Tells what a run would do, and does none of it. */
  async rehearse(type: JobType | string, input: unknown = {}, at?: Date): Promise<Plan> {
    const world = { database: this.database, enqueuer: this.#enqueuer };
    return rehearse(world, this.#type(type), input, at);
  }

  /** Persists a job and runs it here and now. */
  async run(
    type: JobType | string,
    input: unknown = {},
    options: { at?: Date; actor?: string } = {},
  ): Promise<RunReport> {
    const world = {
      database: this.database,
      enqueuer: this.#enqueuer,
      limits: this.#limits,
      leaseMs: this.#settings.leaseMs,
      onEvent: this.#onEvent,
      onWoken: () => void this.#announcer.announce('ready'),
    };
    await this.#register();
    return runNow(world, this.#type(type), input, { actor: this.#actor, ...options });
  }

  /** Starts the scheduler and a worker in this process. */
  async start(): Promise<void> {
    this.#starting ??= this.#start();
    await this.#starting;
  }

  /** Stops taking jobs, and waits for those that run; after `deadlineMs` they are aborted and given back. */
  async stop(deadlineMs?: number): Promise<void> {
    await this.#starting?.catch(() => undefined);
    this.#starting = null;
    await this.#announcer.stop();
    await this.#worker?.stop(deadlineMs);
    this.#worker = null;
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

  /** Makes the jobs of ticks that have passed without one, or rehearses them. Errors: `input-invalid`. */
  async backfill(type: JobType | string, options: BackfillOptions): Promise<Backfill> {
    const world = {
      database: this.database,
      enqueuer: this.#enqueuer,
      limits: this.#limits,
    };
    const made = await backfill(world, this.#type(type), {
      actor: this.#actor,
      ...options,
    });
    if (made.jobs.length > 0) await this.#announcer.announce('ready');
    return made;
  }

  async listJobs(options: ListOptions = {}): Promise<JobSummary[]> {
    return listJobs(this.database, options);
  }

  async showJob(id: number): Promise<JobDetail> {
    return showJob(this.database, id);
  }

  /** Gives a failed job one more attempt, now. Errors: `action-refused` with its status, `job-not-found`. */
  async retry(id: number, by: OperatorAct = {}): Promise<void> {
    await this.#act('retry', id, by);
    await this.#announcer.announce('later');
  }

  /** Cancels a job that is queued or failed. Errors: `action-refused` with its status, `job-not-found`. */
  async cancel(id: number, by: OperatorAct = {}): Promise<void> {
    await this.#act('cancel', id, by);
    await this.#announcer.announce('later'); // Somebody may have waited for it.
  }

  /** Why a job is where it is, in one sentence. Errors: `job-not-found`. */
  async why(id: number): Promise<Standing> {
    return why(this.database, id);
  }

  /** How many jobs `retryAll` or `cancelAll` would act on. */
  async countFor(action: Action, filter: JobFilter): Promise<number> {
    return countFor(this.database, action, filter);
  }

  /** Retries all failed jobs that fit, in batches. Errors: `input-invalid`. */
  async retryAll(filter: JobFilter, by: BulkOptions): Promise<number> {
    const done = await actOnAll(this.database, 'retry', filter, { actor: this.#actor, ...by });
    await this.#announcer.announce('later');
    return done;
  }

  /** Cancels all queued or failed jobs that fit, in batches. Errors: `input-invalid`. */
  async cancelAll(filter: JobFilter, by: Omit<BulkOptions, 'overMs'>): Promise<number> {
    const done = await actOnAll(this.database, 'cancel', filter, { actor: this.#actor, ...by });
    await this.#announcer.announce('later');
    return done;
  }

  async #act(action: Action, id: number, by: OperatorAct): Promise<void> {
    const { actor = this.#actor, reason = null } = by;
    const act = { retry, cancel }[action];
    if ((await act(this.database, [id], { actor, reason })).length > 0) return;
    const { status, actions } = await this.showJob(id);
    const holder = action === 'retry' ? await keyHolder(this.database, id) : null;
    if (holder !== null) {
      throw new HumdrumError(
        'action-refused',
        `Job ${id} cannot be retried while job ${holder} is open: it has the same unique key.`,
      );
    }
    throw new HumdrumError(
      'action-refused',
      `Job ${id} is ${status}; what can be done to it: ${actions.join(', ') || 'nothing'}.`,
    );
  }

  async #start(): Promise<void> {
    const { database, types } = this;
    this.#checkConnections();
    const limits = this.#limits;
    await this.#register();
    await registerSchedules(database, types);
    const world = {
      database,
      types,
      limits,
      enqueuer: this.#enqueuer,
      onEvent: this.#onEvent,
      onWoken: () => void this.#announcer.announce('ready'),
    };
    this.#worker = new Worker(world, this.#settings);
    await this.#worker.start();
    // A hint that cannot be had, behind a transaction pooler for one, is no reason not to work.
    await this.#announcer
      .listen()
      .catch((error: unknown) => this.#onEvent({ event: 'trouble', doing: 'listening', error }));
  }

  /** Writes down what all processes of the database must know of this one's configuration. */
  async #register(): Promise<void> {
    await registerLimits(this.database, this.#limits, this.#actor);
    await registerReceivers(this.database, this.#receivers);
  }

  async #enqueueOne(request: JobRequest, actor = this.#actor): Promise<Enqueued> {
    const [enqueued] = await this.#enqueuer.enqueue([request], actor);
    if (!enqueued) throw new Error('An enqueued job has an id.');
    return enqueued;
  }

  #type(type: JobType | string): JobType {
    return this.types.get(typeof type === 'string' ? type : type.type);
  }

  #checkConnections(): void {
    const { exclusive, connections } = this.database;
    const needed = this.#settings.concurrency + RESERVED;
    if (exclusive || connections >= needed) return;
    throw new HumdrumError(
      'config-invalid',
      `A worker with concurrency ${needed - RESERVED} needs ${needed} connections, ${RESERVED} of them for its own work; this database was opened with ${connections}.`,
    );
  }
}

const idsOf = (enqueued: readonly Enqueued[]): number[] => enqueued.map(({ id }) => id);
