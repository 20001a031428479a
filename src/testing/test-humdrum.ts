import type { Json } from '../engine/base/json.ts';
import { Humdrum } from '../engine/humdrum.ts';
import type { ErrorFact } from '../engine/job/error-fact.ts';
import { type JobType, requireScheduled } from '../engine/job/job-type.ts';
import type { Effect, LogLine, TableChange } from '../engine/job/outcome.ts';
import type { HumdrumOptions } from '../engine/options.ts';
import type { Drained, DrainOptions } from '../engine/worker/drain.ts';
import { type Names, refuseUnknown } from '../errors.ts';
import { instantOf, type TestClock } from './clock.ts';
import type { Lent } from './embedded.ts';
import { expectFound, expectNone, matching } from './expectation.ts';
import {
  effectCandidates,
  type EffectLike,
  jobCandidates,
  type JobLike,
  wantedOf,
} from './candidates.ts';
import type { EffectSeen, JobSeen } from './queries.ts';
import { addUp, expectCompleted, tooMany } from './report.ts';
import { dueOf, tickOf } from './ticks.ts';

export interface FailureOptions {
  /** Whether a failed job fails the test. Default: true. */
  throwOnFailure?: boolean;
}

export interface TestDrainOptions extends DrainOptions, FailureOptions {
  /** Also moves the clock forward to jobs that are due later, such as retries, until none are left. Fires ticks on the way. */
  untilIdle?: boolean;
}

const DRAIN = {
  maxAttempts: true,
  untilIdle: true,
  throwOnFailure: true,
} satisfies Names<TestDrainOptions>;

/** The outcome of one run of a handler. */
export interface Performed {
  id: number;
  status: 'completed' | 'failed';
  /** Null if it failed. */
  result: Json;
  error: ErrorFact | null;
  effects: readonly Effect[];
  /** Rows changed, by table. Null for a job with `atomic: false`, whose changes cannot be counted. */
  tables: readonly TableChange[] | null;
  log: readonly LogLine[];
}

export interface TickRun extends Pick<Drained, 'completed' | 'failed' | 'ran'> {
  tick: Date;
  /** The jobs that the tick created: one, several if ticks were missed, or none if an overlap was skipped. */
  jobs: JobSeen[];
}

/** Clock moves in a row without a run: a job that only another program's worker can run would keep `drain` going forever. */
const MAX_IDLE_MOVES = 100;

/** A `Humdrum` under the control of a test: jobs run and time passes only when the test says so. */
export class TestHumdrum extends Humdrum {
  readonly clock: TestClock;
  readonly #lent: Lent;
  #closed = false;

  constructor(lent: Lent, clock: TestClock, options: HumdrumOptions) {
    super(lent.database, { actor: 'test', ...options }, false);
    this.clock = clock;
    this.#lent = lent;
  }

  /**
   * Runs due jobs in this process, one after another, until none can start. This includes ticks, retries, deliveries and jobs
   * that jobs enqueue. Throws an AssertionError, after all jobs have run, if the last attempt of a job failed.
   */
  override async drain(options: TestDrainOptions = {}): Promise<Drained> {
    refuseUnknown('input-invalid', 'The options of drain', options, DRAIN);
    const { maxAttempts = 10_000, untilIdle = false, throwOnFailure = true } = options;
    const ran: Drained['ran'] = [];
    let drained: Drained;
    for (let idleMoves = 0; ; idleMoves += 1) {
      drained = await super.drain({ maxAttempts: maxAttempts - ran.length });
      ran.push(...drained.ran);
      if (!drained.idle) throw tooMany(ran, maxAttempts);
      if (drained.ran.length > 0) idleMoves = 0;
      if (!untilIdle || drained.nextMs === null || idleMoves === MAX_IDLE_MOVES) break;
      await this.clock.advance(Math.ceil(drained.nextMs));
    }
    if (throwOnFailure) expectCompleted(ran);
    return { ...drained, ...addUp(ran) };
  }

  /**
   * Moves the clock to the next tick of the type's schedule, or to the tick at `at`, fires it and drains. Errors:
   * `input-invalid` if there is no such tick.
   */
  async runTick(
    type: JobType | string,
    at?: Date | string | null,
    options: Omit<TestDrainOptions, 'untilIdle'> = {},
  ): Promise<TickRun> {
    const scheduled = requireScheduled(this.types.get(typeof type === 'string' ? type : type.type));
    const tick = tickOf(scheduled, this.clock.now(), at);
    const before = new Set((await this.#jobsOf(scheduled.type)).map(({ id }) => id));
    await this.clock.moveTo(tick);
    const quietly = { ...options, throwOnFailure: false };
    const ran = [...(await this.drain(quietly)).ran];
    const made = async (): Promise<JobSeen[]> =>
      (await this.#jobsOf(scheduled.type)).filter(({ id }) => !before.has(id));
    const dueAt = dueOf(scheduled, tick, await made());
    if (dueAt) {
      await this.clock.moveTo(dueAt);
      ran.push(...(await this.drain(quietly)).ran);
    }
    if (options.throwOnFailure ?? true) expectCompleted(ran);
    return { tick, jobs: await made(), ...addUp(ran) };
  }

  /** Runs a handler once, as a worker would, and returns the outcome. `now` sets `ctx.now`. Default: the clock's time. */
  async performJob<Given>(
    type: JobType<Given> | string,
    input?: NoInfer<Given>,
    { now, throwOnFailure = true }: { now?: Date | string } & FailureOptions = {},
  ): Promise<Performed> {
    const at = now === undefined ? this.clock.now() : instantOf(now);
    if (at > this.clock.now()) await this.clock.moveTo(at);
    const name = typeof type === 'string' ? type : type.type;
    const { jobId: id, succeeded, outcome, plan } = await this.run(name, input ?? {}, { at });
    const { ended, effects, log } = outcome;
    const error = 'error' in ended ? ended.error : null;
    const result = 'result' in ended ? ended.result : null;
    const status = succeeded ? 'completed' : 'failed';
    if (throwOnFailure) {
      expectCompleted([{ id, type: name, attempt: 1, status, result, error }]);
    }
    return { id, status, result, error, effects, tables: plan?.tables ?? null, log };
  }

  /** Jobs that match, oldest first. Only queued ones unless `status` says otherwise. */
  async enqueued(like: JobLike = {}): Promise<JobSeen[]> {
    return matching(await jobCandidates(this.database, like));
  }

  /** Returns the jobs that match. Throws an AssertionError if there are none, or not exactly `count`. */
  async assertEnqueued(like: JobLike & { count?: number } = {}): Promise<JobSeen[]> {
    const { count, ...wanted } = like;
    const candidates = await jobCandidates(this.database, wanted);
    const expectation = { noun: 'job', wanted: wantedOf(wanted), candidates, count };
    return expectFound(expectation);
  }

  async refuteEnqueued(like: JobLike = {}): Promise<void> {
    const candidates = await jobCandidates(this.database, like);
    expectNone({ noun: 'job', wanted: wantedOf(like), candidates });
  }

  /** Events that completed jobs emitted and that match. */
  async emitted(like: EffectLike = {}): Promise<EffectSeen[]> {
    return matching(await effectCandidates(this.database, 'event', like));
  }

  /** Returns the events that match. Throws an AssertionError if there are none, or not exactly `count`. */
  async assertEmitted(like: EffectLike & { count?: number } = {}): Promise<EffectSeen[]> {
    const { count, ...wanted } = like;
    const candidates = await effectCandidates(this.database, 'event', wanted);
    const expectation = { noun: 'event', wanted: wantedOf(wanted), candidates, count };
    return expectFound(expectation);
  }

  async refuteEmitted(like: EffectLike = {}): Promise<void> {
    const candidates = await effectCandidates(this.database, 'event', like);
    expectNone({ noun: 'event', wanted: wantedOf(like), candidates });
  }

  /** Like `assertEmitted`, for `ctx.notify`. `name` is the channel. */
  async assertNotified(like: EffectLike & { count?: number } = {}): Promise<EffectSeen[]> {
    const { count, ...wanted } = like;
    const candidates = await effectCandidates(this.database, 'notification', wanted);
    const expectation = { noun: 'notification', wanted: wantedOf(wanted), candidates, count };
    return expectFound(expectation);
  }

  async refuteNotified(like: EffectLike = {}): Promise<void> {
    const candidates = await effectCandidates(this.database, 'notification', like);
    expectNone({ noun: 'notification', wanted: wantedOf(like), candidates });
  }

  /** Stops the engine and releases the database. A database that the test opened itself stays open. */
  override async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.stop();
    await this.#lent.giveBack();
  }

  async #jobsOf(schedule: string): Promise<JobSeen[]> {
    const jobs = await this.enqueued({ type: schedule, status: 'any' });
    return jobs.filter((job) => job.schedule === schedule);
  }
}
