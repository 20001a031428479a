import type { Database, Queryable } from '../database/database.ts';
import { assemble } from './assemble.ts';
import { refuseInDryRun } from './base/dry-run.ts';
import { requireDuration } from './base/whole-number.ts';
import { requireJobId } from './base/job-id.ts';
import { DATE, requireKind, TEXT } from './base/kinds.ts';
import type { JobType } from './job/job-type.ts';
import type { Action } from './job/lifecycle.ts';
import type { Plan } from './job/plan.ts';
import {
  type CallOptions,
  type Enqueued,
  type JobRequest,
  requestOf,
  type TypeRef,
} from './job/request.ts';
import { type Acted, actOnAll } from './operators/act-on-many.ts';
import { actOnOne } from './operators/act-on-one.ts';
import { type BulkOptions, checkCall, type HumdrumOptions, type OperatorAct } from './options.ts';
import type { Listener } from './ports/events.ts';
import type { WorkerActivity } from './ports/runtime.ts';
import { Questions } from './questions.ts';
import { register } from './register/register.ts';
import { registerSchedules } from './register/schedules.ts';
import { rehearse } from './rehearse/rehearse.ts';
import { parseRecording, replay, type Replay } from './rehearse/replay.ts';
import { backfill, type Backfill, type BackfillOptions } from './schedule/backfill.ts';
import type { JobQuery } from './search/job-query.ts';
import { drain, type Drained, type DrainOptions } from './worker/drain.ts';
import { DryRun } from './worker/dry-run-loop.ts';
import { checkConnections } from './worker/options.ts';
import { runNow, type RunOptions, type RunReport } from './worker/run-now.ts';
import { Worker } from './worker/worker.ts';

/** The engine's API. The commands are defined here, and the read-only methods inherited. Created by `createHumdrum`. */
export class Humdrum extends Questions {
  /** This process only rehearses: by the option `dryRun`, or by JOB_DRY_RUN in the environment. */
  readonly dryRun: boolean;
  readonly #ownsDatabase: boolean;
  #worker: Worker | null = null;
  #dryRunner: DryRun | null = null;
  #starting: Promise<void> | null = null;

  constructor(database: Database, options: HumdrumOptions, ownsDatabase: boolean) {
    super(assemble(database, options));
    this.dryRun = this.engine.dryRun;
    this.#ownsDatabase = ownsDatabase;
    this.engine.newWorkListeners.add((work) => this.#worker?.wake(work));
  }

  /** Persists one job. Inside a handler or a `database.transaction` it belongs to that transaction. */
  async enqueue<Given>(
    type: TypeRef<Given> | string,
    input?: NoInfer<Given>,
    { actor, ...options }: CallOptions = {},
  ): Promise<Enqueued> {
    return this.#enqueueOne(requestOf(type, input, options), actor);
  }

  /** Persists all requests, in order, or none. Returns the ids. */
  async enqueueMany(requests: readonly JobRequest[]): Promise<number[]> {
    return idsOf(await this.engine.enqueuer.enqueue(requests, this.engine.actor));
  }

  /**
   * Persists jobs in your own transaction: pass a `pg` client, or wrap the transaction of another library with
   * `humdrum/adapters`. The jobs can start once you commit. Errors: `client-invalid`.
   */
  async enqueueWithin(client: Queryable, requests: readonly JobRequest[]): Promise<number[]> {
    const { enqueuer, actor } = this.engine;
    return idsOf(await enqueuer.enqueueWithin(client, requests, actor));
  }

  /** Enqueues a job now, by the name of its type. */
  async triggerJob(type: string, input?: unknown, actor?: string): Promise<Enqueued> {
    return this.#enqueueOne({ type, input }, actor);
  }

  /** Runs the handler in a transaction that is rolled back, and returns what it would have done. */
  async rehearse(type: JobType | string, input: unknown = {}, at?: Date): Promise<Plan> {
    requireKind('input-invalid', 'at', at, DATE);
    return rehearse(this.engine.runtime, this.typeOf(type), input, at);
  }

  /** Rehearses a recorded attempt on the data in this database, and compares. Errors: `input-invalid`, `type-unknown`. */
  async replay(recording: unknown): Promise<Replay> {
    const parsed = parseRecording(recording);
    return replay(this.engine.runtime, this.typeOf(parsed.type), parsed);
  }

  /** Persists a job and runs it in this process. Errors: `input-invalid`, `action-refused`, `limit-reached`, `plan-changed`. */
  async run(
    type: JobType | string,
    input: unknown = {},
    options: RunOptions = {},
  ): Promise<RunReport> {
    checkCall('run', options);
    await refuseInDryRun(this, 'run jobs');
    const { runtime, receivers, actor, settings } = this.engine;
    await register(runtime, receivers, actor);
    const by = { ...options, actor: options.actor ?? actor, leaseMs: settings.leaseMs };
    return runNow(runtime, this.typeOf(type), input, by);
  }

  /** Runs all due jobs, one at a time, and returns when no more may start. For processes started by cron or a test. */
  async drain(options: DrainOptions = {}): Promise<Drained> {
    checkCall('drain', options);
    await refuseInDryRun(this, 'run jobs');
    const { runtime, settings } = this.engine;
    await this.register();
    return drain(runtime, { ...settings, ...options });
  }

  /** Enqueues jobs for past ticks that have not fired, or rehearses them. Errors: `input-invalid`. */
  async backfill(type: JobType | string, options: BackfillOptions): Promise<Backfill> {
    checkCall('backfill', options);
    if (options.dryRun !== true) await refuseInDryRun(this, 'create the jobs of ticks');
    const { runtime, actor } = this.engine;
    return backfill(runtime, this.typeOf(type), { ...options, actor: options.actor ?? actor });
  }

  /** Gives a failed job one more attempt, now. Errors: `action-refused` with its status, `job-not-found`. */
  async retry(id: number, by: OperatorAct = {}): Promise<void> {
    await this.#act('retry', id, by);
  }

  /** Cancels a job that is queued or failed. Errors: `action-refused` with its status, `job-not-found`. */
  async cancel(id: number, by: OperatorAct = {}): Promise<void> {
    await this.#act('cancel', id, by);
  }

  /** Retries all failed jobs that match, in batches. Errors: `input-invalid`, `filter-invalid`, `attribute-unknown`. */
  async retryAll(query: JobQuery, by: BulkOptions): Promise<number> {
    return (await this.actOnAll('retry', query, by)).done;
  }

  /** Cancels all queued or failed jobs that match, in batches. Errors: `input-invalid`, `filter-invalid`, `attribute-unknown`. */
  async cancelAll(query: JobQuery, by: Omit<BulkOptions, 'overMs'>): Promise<number> {
    return (await this.actOnAll('cancel', query, by)).done;
  }

  /** As `retryAll` and `cancelAll`, but also returns how far it got, so that the caller can continue. Errors: `input-invalid`. */
  async actOnAll(action: Action, query: JobQuery, by: BulkOptions): Promise<Acted> {
    checkCall('actOnAll', by);
    await refuseInDryRun(this, `${action} jobs`);
    const { runtime, actor } = this.engine;
    return actOnAll(runtime, action, query, { ...by, actor: by.actor ?? actor });
  }

  /** Records what every process of the database must know about this one: limits, receivers, schedules. `start` does it too. Nothing if it only rehearses. */
  async register(): Promise<void> {
    if (this.dryRun) return;
    const { runtime, receivers, actor } = this.engine;
    await register(runtime, receivers, actor);
    const { kept } = await registerSchedules(this.database, this.types, actor);
    if (kept.length > 0) runtime.onEvent({ event: 'schedules-kept', schedules: kept });
  }

  /** Starts the scheduler and a worker in this process. With `dryRun` it only rehearses the ticks as they come. */
  async start(): Promise<void> {
    this.#starting ??= this.#start();
    await this.#starting;
  }

  /**
   * Claims no more jobs and waits for the running ones. After `deadlineMs` (default 30,000; Infinity: never) these are
   * aborted and released. Errors: `input-invalid`.
   */
  async stop(deadlineMs?: number): Promise<void> {
    if (deadlineMs !== undefined) requireDuration('The deadline of stop', deadlineMs);
    await this.#starting?.catch(() => undefined);
    this.#starting = null;
    await Promise.all([this.#worker?.stop(deadlineMs), this.engine.notifier.stop()]);
    await this.#dryRunner?.stop();
    this.#worker = null;
    this.#dryRunner = null;
  }

  async close(): Promise<void> {
    await this.stop();
    if (this.#ownsDatabase) await this.database.close();
  }

  /** What the worker of this process is doing. Null before `start` and after `stop`. */
  get worker(): WorkerActivity | null {
    return this.#worker?.activity ?? null;
  }

  /** Calls `listener` with every event of the engine from now on. Returns a function that removes it. */
  observe(listener: Listener): () => void {
    return this.engine.listeners.add(listener);
  }

  /**
   * Calls `onChange` when jobs may have changed, in this process or, on PostgreSQL, in another. Only a hint: some changes are
   * not notified. Returns a function that removes it.
   */
  async hear(onChange: () => void): Promise<() => void> {
    const { newWorkListeners, notifier } = this.engine;
    const stopListening = newWorkListeners.add(() => onChange());
    const stopObserving = this.observe(({ event }) => {
      if (event === 'job-settled') onChange();
    });
    await notifier.listen().catch(() => undefined);
    return () => {
      stopObserving();
      stopListening();
    };
  }

  async #act(action: Action, id: number, by: OperatorAct): Promise<void> {
    requireJobId(id);
    checkCall(action, by);
    await refuseInDryRun(this, `${action} jobs`);
    const { actor, reason = null } = by;
    await actOnOne(this.engine.runtime, action, id, { actor: actor ?? this.engine.actor, reason });
  }

  async #start(): Promise<void> {
    const { runtime, settings, notifier } = this.engine;
    if (this.dryRun) {
      this.#dryRunner = new DryRun(runtime);
      return this.#dryRunner.start();
    }
    checkConnections(this.database, settings);
    void this.database.lost?.then(async (error) => {
      runtime.onEvent({ event: 'trouble', doing: 'using the database', error });
      await this.stop(0);
    });
    await this.register();
    this.#worker = new Worker(runtime, settings);
    await this.#worker.start();
    // LISTEN is a hint, and a transaction pooler refuses it: the worker polls without it.
    await notifier
      .listen()
      .then((all) => (all ? this.#worker?.relyOnNotifications() : undefined))
      .catch((error: unknown) => runtime.onEvent({ event: 'trouble', doing: 'listening', error }));
  }

  async #enqueueOne(request: JobRequest, actor = this.engine.actor): Promise<Enqueued> {
    requireKind('input-invalid', 'actor', actor, TEXT);
    const [enqueued] = await this.engine.enqueuer.enqueue([request], actor);
    if (!enqueued) throw new Error('Enqueueing one job returned none.');
    return enqueued;
  }
}

const idsOf = (enqueued: readonly Enqueued[]): number[] => enqueued.map(({ id }) => id);
