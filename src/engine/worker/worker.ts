import { errorKind } from '../../database/error-kind.ts';
import { callAfter } from '../base/timer.ts';
import { WakeUp } from '../base/wake-up.ts';
import type { NewWork, Runtime, WorkerActivity } from '../ports/runtime.ts';
import { ruleText } from '../schedule/cron.ts';
import { LostWorkers } from '../upkeep/lost-workers.ts';
import { Upkeep } from '../upkeep/upkeep.ts';
import { Claimer } from './claimer.ts';
import { JobRunner } from './job-runner.ts';
import { Membership } from './membership.ts';
import type { WorkerSettings } from './options.ts';
import { ReplyWatch } from './reply-watch.ts';

const UPKEEP_LIMIT_MS = 15_000;
/** A step of upkeep that goes on longer is left to end by itself. */
const UPKEEP_STOP_MS = 2_000;
/** How much longer than its deadline and the grace of its handlers a stop may take, when the database does not reply. */
const LAST_SETTLING_MS = 3_000;
const LAST_STOPPING_MS = 5_000;
const REJOIN_MS = 250;
const MAX_REJOIN_MS = 5_000;
const REACH_MS = 100;
const MAX_REACH_MS = 2_000;
const POLL_MS = 2_000;
/** Used when notifications reach this worker directly. Upkeep also polls, and announces the work that it finds. */
const POLL_LISTENING_MS = 30_000;

/** The loop around claim, execute and settle. */
export class Worker {
  readonly #runtime: Runtime;
  readonly #upkeepRuntime: Runtime;
  readonly #options: WorkerSettings & { queues: readonly string[] };
  readonly #wakeUp = new WakeUp();
  readonly #runner: JobRunner;
  readonly #claimer: Claimer;
  #membership: Membership | null = null;
  #upkeep: Upkeep | null = null;
  #replyWatch: ReplyWatch | null = null;
  #claiming: Promise<void> = Promise.resolve();
  /** The database does not reply: until it does, nothing is started, not even what is claimed. */
  #away = false;
  /** Jobs wait to run alone. */
  #suspectsWait = false;
  #stopping: Promise<void> | null = null;
  #listening = false;

  constructor(runtime: Runtime, settings: WorkerSettings) {
    this.#runtime = runtime;
    this.#upkeepRuntime = { ...runtime, database: runtime.database.within(UPKEEP_LIMIT_MS) };
    this.#options = { queues: runtime.types.queues(), ...settings };
    this.#runner = new JobRunner(runtime, {
      concurrency: settings.concurrency,
      onStart: (longestMs) => this.#membership?.tolerate(longestMs),
      onRoom: () => this.#wakeUp.wake(),
      onFailed: () => this.#upkeep?.wake(),
      onEmpty: () => {
        if (this.#suspectsWait) this.#wakeUp.wake();
      },
      onDatabaseTrouble: () => this.#isAway(),
    });
    this.#claimer = new Claimer(runtime, this.#runner, {
      queues: this.#options.queues,
      leaseMs: settings.leaseMs,
      onFailed: (error) => {
        if (errorKind(error) === 'lost') this.#isAway();
      },
    });
  }

  get activity(): WorkerActivity {
    return {
      workerId: this.#membership?.workerId ?? null,
      stopping: this.#stopping !== null,
      claimsFail: this.#claimer.lastFailed,
      concurrency: this.#options.concurrency,
      ...this.#runner.counts,
    };
  }

  async start(): Promise<void> {
    await this.#join();
    const { leaseMs, queues } = this.#options;
    const runtime = this.#upkeepRuntime;
    const actor = `worker:${this.#workerId}`;
    this.#upkeep = new Upkeep({
      runtime,
      queues,
      actor,
      lostWorkers: new LostWorkers(runtime.database, {
        actor,
        leaseMs,
        self: () => this.#workerId,
      }),
      onReady: () => this.#wakeUp.wake(),
      onSuspects: () => {
        this.#suspectsWait = true;
        this.#wakeUp.wake();
      },
    });
    this.#upkeep.start();
    this.#replyWatch = new ReplyWatch(runtime.database, {
      leaseMs,
      sentMs: () => Math.min(this.#claimer.sentMs, this.#runner.sentMs),
      onNoReply: (error) =>
        this.#runtime.onEvent({ event: 'trouble', doing: 'waiting for a reply', error }),
    });
    this.#claiming = this.#claimLoop();
  }

  /** From now on, notifications from all processes reach this worker, so it polls less often. */
  relyOnNotifications(): void {
    this.#listening = true;
  }

  /** Called when there is new work. */
  wake(work: NewWork): void {
    this.#wakeUp.wake();
    if (work === 'later') this.#upkeep?.wake();
  }

  /**
   * Stops claiming, releases the jobs that have not started and waits for those that have. Handlers still running after
   * `deadlineMs` are aborted and their jobs released. Infinity: they may take as long as they need.
   */
  async stop(deadlineMs = 30_000): Promise<void> {
    const endMs = deadlineMs + this.#runner.longestGraceMs();
    const timers = [
      callAfter(deadlineMs, () => this.#runner.abort(new Error('The worker is being stopped.'))),
      callAfter(endMs + LAST_SETTLING_MS, () => this.#runner.giveUpSettling()),
    ];
    this.#stopping ??= this.#drain();
    const late = new Promise<void>((resolve) => {
      timers.push(callAfter(endMs + LAST_STOPPING_MS, () => resolve(this.#tellLate())));
    });
    await Promise.race([this.#stopping, late]);
    for (const timer of timers) clearTimeout(timer);
  }

  #tellLate(): void {
    const error = new Error(
      'The database did not reply in time. The jobs of this worker are rescued when its lease passes.',
    );
    this.#runtime.onEvent({ event: 'trouble', doing: 'stopping', error });
  }

  get #pollMs(): number {
    return this.#options.pollMs ?? (this.#listening ? POLL_LISTENING_MS : POLL_MS);
  }

  get #workerId(): number {
    return this.#membership?.workerId ?? 0;
  }

  async #join(): Promise<void> {
    const { types, onEvent } = this.#runtime;
    const { leaseMs, queues, concurrency } = this.#options;
    const blocking = {
      toleranceMs: () => this.#runner.longestMs(),
      onBlocked: (ms: number) => onEvent({ event: 'loop-blocked', ms, jobs: this.#runner.running }),
    };
    const rules = [...types.scheduled.values()].map(ruleText);
    const options = { leaseMs, queues, types: types.signatures, rules, blocking };
    this.#membership = await Membership.join(this.#runtime, options, () => void this.#rejoin());
    onEvent({ event: 'worker-started', workerId: this.#workerId, queues, concurrency });
  }

  /** The lease is lost, so other workers may take over its jobs. Drops them all and continues as a new worker. */
  async #rejoin(): Promise<void> {
    this.#runtime.onEvent({ event: 'lease-lost', workerId: this.#workerId });
    this.#membership = null;
    this.#runner.abort(new Error('The worker has lost its lease.'));
    this.#runner.dropClaimed();
    for (let waitMs = REJOIN_MS; !this.#stopping; waitMs = Math.min(2 * waitMs, MAX_REJOIN_MS)) {
      try {
        await this.#join();
        this.#runner.allowHandlers();
        return;
      } catch (error) {
        this.#runtime.onEvent({ event: 'trouble', doing: 'joining again', error });
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
    }
  }

  async #claimLoop(): Promise<void> {
    while (!this.#stopping) {
      if (this.#away) await this.#reach();
      await this.#claimer.releaseUnknown(this.#workerId);
      if (this.#suspectsWait) await this.#runAlone();
      const room = this.#runner.room();
      if (room === 0) await this.#wakeUp.wait(this.#pollMs);
      else if ((await this.#claimer.claim(this.#workerId, room)) === 0 || this.#runner.foundAll) {
        await this.#wakeUp.wait(this.#nextClaimMs());
      }
    }
  }

  /**
   * Runs a job that was lost with several workers, and until it has ended nothing else: if it ends this process too, it alone
   * is charged. It waits until the others have ended. All that takes a lease at most: after it the job runs beside others.
   */
  async #runAlone(): Promise<void> {
    const endMs = performance.now() + this.#options.leaseMs;
    await this.#idle(endMs);
    if (this.#stopping) return;
    this.#suspectsWait = await this.#claimer.claimAlone(this.#workerId);
    if (this.#suspectsWait) await this.#idle(endMs);
  }

  /** Waits until this worker holds no job, or until `endMs`, or until it is stopped. */
  async #idle(endMs: number): Promise<void> {
    while (!this.#runner.isEmpty && !this.#stopping) {
      const leftMs = endMs - performance.now();
      if (leftMs <= 0) return;
      await this.#wakeUp.wait(leftMs);
    }
  }

  /** Milliseconds until the next claim, unless something wakes the loop before. */
  #nextClaimMs(): number {
    return Math.min(this.#pollMs * (0.9 + Math.random() * 0.2), this.#claimer.untilRescanMs());
  }

  /** Waits until the database replies, then starts what is claimed. */
  async #reach(): Promise<void> {
    for (
      let waitMs = REACH_MS;
      this.#away && !this.#stopping;
      waitMs = Math.min(2 * waitMs, MAX_REACH_MS)
    ) {
      await this.#wakeUp.wait(waitMs);
      try {
        await this.#upkeepRuntime.database.query('select 1');
        this.#away = false;
      } catch {
        // Told already, by whoever noticed.
      }
    }
    if (!this.#away) this.#runner.release();
  }

  #isAway(): void {
    this.#away = true;
    this.#runner.hold();
    this.#wakeUp.wake();
  }

  async #drain(): Promise<void> {
    const { onEvent } = this.#runtime;
    this.#runner.hold();
    this.#wakeUp.wake();
    await this.#claiming;
    this.#runner.hold();
    this.#runner.dropClaimed();
    let released = await this.#claimer.releaseExcept(this.#workerId, this.#runner.jobs);
    await this.#runner.settled();
    released += await this.#claimer.releaseExcept(this.#workerId, []);
    await Promise.race([
      this.#upkeep?.stop(),
      new Promise((resolve) => setTimeout(resolve, UPKEEP_STOP_MS)),
    ]);
    this.#replyWatch?.stop();
    await this.#membership
      ?.leave()
      .catch((error: unknown) => onEvent({ event: 'trouble', doing: 'leaving', error }));
    if (released > 0) onEvent({ event: 'jobs-released', released });
    onEvent({ event: 'worker-stopped', workerId: this.#workerId });
  }
}
