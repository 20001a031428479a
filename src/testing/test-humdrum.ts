import type { Json } from '../engine/base/json.ts';
import { Humdrum } from '../engine/humdrum.ts';
import type { ErrorFact } from '../engine/job/failure.ts';
import { type JobType, requireScheduled } from '../engine/job/job-type.ts';
import type { Effect, LogLine, TableChange } from '../engine/job/outcome.ts';
import type { HumdrumOptions } from '../engine/options.ts';
import type { Drained, DrainOptions } from '../engine/worker/drain.ts';
import { instantOf, type TestClock } from './clock.ts';
import type { Lent } from './embedded.ts';
import { expectFound, expectNone, matching } from './expectation.ts';
import {
  effectCandidates,
  type EffectLike,
  jobCandidates,
  type JobLike,
  wantedOf,
} from './looking.ts';
import type { EffectSeen, JobSeen } from './queries.ts';
import { addUp, expectCompleted, tooMany } from './report.ts';
import { dueOf, tickOf } from './ticks.ts';

export interface FailureOptions {
  /** Whether a job that fails fails the test. Default true. */
  throwOnFailure?: boolean;
}

export interface TestDrainOptions extends DrainOptions, FailureOptions {
  /** Moves the clock on to what is due later, retries for one, until nothing is. Ticks on the way fire too. */
  untilIdle?: boolean;
}

/** How one run of a handler ended. */
export interface Performed {
  id: number;
  status: 'completed' | 'failed';
  /** Of a completed one. */
  result: Json;
  error: ErrorFact | null;
  effects: readonly Effect[];
  /** Rows that it changed, by table. Null for a job with `atomic: false`, whose rows cannot be counted. */
  tables: readonly TableChange[] | null;
  log: readonly LogLine[];
}

export interface TickRun extends Pick<Drained, 'completed' | 'failed' | 'ran'> {
  tick: Date;
  /** Those of the schedule that were made now: one, more where ticks were missed, none where it overlaps and skips. */
  jobs: JobSeen[];
}

/** So often the clock moves on without a job that runs: one that waits for a worker of another program may wait for ever. */
const MOST_VAIN = 100;

/** A `Humdrum` in the hands of a test: nothing runs and no time passes but by its word. */
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
   * Runs what is due, in this process, one job after another, until nothing may start: ticks, retries, deliveries and jobs
   * that jobs enqueue included. A job that fails and does not complete throws an AssertionError when all others have run.
   */
  override async drain(options: TestDrainOptions = {}): Promise<Drained> {
    const { maxAttempts = 10_000, untilIdle = false, throwOnFailure = true } = options;
    const ran: Drained['ran'] = [];
    let drained: Drained;
    for (let vain = 0; ; vain += 1) {
      drained = await super.drain({ maxAttempts: maxAttempts - ran.length });
      ran.push(...drained.ran);
      if (!drained.idle) throw tooMany(ran, maxAttempts);
      if (drained.ran.length > 0) vain = 0;
      if (!untilIdle || drained.nextMs === null || vain === MOST_VAIN) break;
      await this.clock.advance(Math.ceil(drained.nextMs));
    }
    if (throwOnFailure) expectCompleted(ran);
    return { ...drained, ...addUp(ran) };
  }

  /**
   * Moves the clock to the next tick of the type's schedule, or to the one at `at`, fires it and drains. Errors:
   * `input-invalid` where there is no such tick.
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

  /** Runs a handler once, as a worker would, and answers what came of it. `now`: what it sees as `ctx.now`, default the clock's. */
  async performJob<Input>(
    type: JobType<Input> | string,
    input?: Input,
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

  /** The jobs that are like this, oldest first: queued ones, unless it says otherwise. */
  async enqueued(like: JobLike = {}): Promise<JobSeen[]> {
    return matching(await jobCandidates(this.database, like));
  }

  /** Answers them. Throws an AssertionError where there is none, or not `count` of them. */
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

  /** The events that completed jobs have emitted and that are like this. */
  async emitted(like: EffectLike = {}): Promise<EffectSeen[]> {
    return matching(await effectCandidates(this.database, 'event', like));
  }

  /** Answers them. Throws an AssertionError where there is none, or not `count` of them. */
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

  /** As `assertEmitted`, of what completed jobs have given to `ctx.notify`; `name` is the channel's. */
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

  /** Ends the test's use of the database. A database that the test has opened itself stays open. */
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
