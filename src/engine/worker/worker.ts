import { callAfter } from '../base/timer.ts';
import { WakeUp } from '../base/wake-up.ts';
import { StopSource } from '../handler/interruption.ts';
import type { ClaimedJob } from '../job/claimed-job.ts';
import type { NewWork, Runtime, WorkerActivity } from '../ports/runtime.ts';
import { Settler } from '../settle/settler.ts';
import { claimNext } from '../transitions/claim.ts';
import { release } from '../transitions/release.ts';
import { Upkeep } from '../upkeep/upkeep.ts';
import { ClaimCursor } from './claim-cursor.ts';
import { ClaimSize } from './claim-size.ts';
import { Membership } from './membership.ts';
import type { WorkerSettings } from './options.ts';
import { reportSettled, runJob } from './run-job.ts';

const UPKEEP_LIMIT_MS = 15_000;
/** A step of upkeep that goes on longer is left to end by itself. */
const UPKEEP_STOP_MS = 2_000;
/** How much longer than its deadline and the grace of its handlers a stop may take, when the database does not reply. */
const LAST_SETTLING_MS = 3_000;
const LAST_STOPPING_MS = 5_000;
const REJOIN_MS = 250;
const MAX_REJOIN_MS = 5_000;
const MAX_UNSETTLED = 1_000;
const POLL_MS = 2_000;
/** Used when notifications reach this worker directly. Upkeep also polls, and announces the work that it finds. */
const POLL_LISTENING_MS = 30_000;

/** The loop around claim, execute and settle. */
export class Worker {
  readonly #runtime: Runtime;
  readonly #upkeepRuntime: Runtime;
  readonly #options: WorkerSettings & { queues: readonly string[] };
  readonly #settler: Settler;
  readonly #wakeUp = new WakeUp();
  readonly #claimSize = new ClaimSize(performance.now());
  readonly #cursors: ReadonlyMap<string, ClaimCursor>;
  /** Started and not yet settled. Keyed by claim: a job may be claimed again before the reply to its failure arrives. */
  readonly #unsettled = new Map<ClaimedJob, Promise<void>>();
  #busy = 0;
  /** Claimed and not yet started. */
  #claimed: ClaimedJob[] = [];
  #lowWater = 0;
  #membership: Membership | null = null;
  #upkeep: Upkeep | null = null;
  #handlers = new StopSource();
  #claiming: Promise<void> = Promise.resolve();
  /** The last claim found fewer jobs than it asked for: there are no more until new work is announced. */
  #foundAll = false;
  /** A claim got no reply. Until then it may still take jobs that this process does not know of. */
  #releaseUnknownUntilMs = -Infinity;
  #claimsFail = false;
  #stopping: Promise<void> | null = null;
  #listening = false;

  constructor(runtime: Runtime, settings: WorkerSettings) {
    this.#runtime = runtime;
    this.#upkeepRuntime = { ...runtime, database: runtime.database.within(UPKEEP_LIMIT_MS) };
    this.#options = { queues: runtime.types.queues(), ...settings };
    this.#settler = new Settler(runtime);
    this.#cursors = new Map(this.#options.queues.map((queue) => [queue, new ClaimCursor()]));
  }

  get activity(): WorkerActivity {
    return {
      workerId: this.#membership?.workerId ?? null,
      stopping: this.#stopping !== null,
      claimsFail: this.#claimsFail,
      concurrency: this.#options.concurrency,
      running: this.#busy,
      inHand: this.#claimed.length,
      unsettled: this.#settler.backlog,
    };
  }

  async start(): Promise<void> {
    await this.#join();
    this.#upkeep = new Upkeep({
      runtime: this.#upkeepRuntime,
      queues: this.#options.queues,
      actor: `worker:${this.#workerId}`,
      onReady: () => this.#wakeUp.wake(),
    });
    this.#upkeep.start();
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
    const endMs = deadlineMs + this.#longestGraceMs();
    const timers = [
      callAfter(deadlineMs, () => this.#handlers.stop(new Error('The worker is being stopped.'))),
      callAfter(endMs + LAST_SETTLING_MS, () => this.#settler.giveUp()),
    ];
    this.#stopping ??= this.#drain();
    const late = new Promise<void>((resolve) => {
      timers.push(callAfter(endMs + LAST_STOPPING_MS, () => resolve(this.#tellLate())));
    });
    await Promise.race([this.#stopping, late]);
    for (const timer of timers) clearTimeout(timer);
  }

  /** Of the handlers that run: an aborted one may take so long to end, and its job is then given back. */
  #longestGraceMs(): number {
    const jobs = [...this.#unsettled.keys()];
    return Math.max(0, ...jobs.map(({ type }) => this.#runtime.types.get(type).graceMs));
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
    const options = { leaseMs, queues, types: types.signatures };
    this.#membership = await Membership.join(this.#runtime, options, () => void this.#rejoin());
    onEvent({ event: 'worker-started', workerId: this.#workerId, queues, concurrency });
  }

  /** The lease is lost, so other workers may take over its jobs. Drops them all and continues as a new worker. */
  async #rejoin(): Promise<void> {
    this.#runtime.onEvent({ event: 'lease-lost', workerId: this.#workerId });
    this.#membership = null;
    this.#handlers.stop(new Error('The worker has lost its lease.'));
    this.#claimed = [];
    for (let waitMs = REJOIN_MS; !this.#stopping; waitMs = Math.min(2 * waitMs, MAX_REJOIN_MS)) {
      try {
        await this.#join();
        this.#handlers = new StopSource();
        return;
      } catch (error) {
        this.#runtime.onEvent({ event: 'trouble', doing: 'joining again', error });
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
    }
  }

  async #claimLoop(): Promise<void> {
    while (!this.#stopping) {
      if (performance.now() < this.#releaseUnknownUntilMs) await this.#releaseUnknown();
      const room = this.#room();
      if (room > 0) this.#foundAll = (await this.#claim(room)) < room;
      if (room === 0) await this.#wakeUp.wait(this.#pollMs);
      else if (this.#foundAll) await this.#wakeUp.wait(this.#nextClaimMs());
    }
  }

  /** Milliseconds until the next claim, unless something wakes the loop before. */
  #nextClaimMs(): number {
    const nowMs = performance.now();
    const rescans = [...this.#cursors.values()].map((cursor) => cursor.untilRescanMs(nowMs));
    return Math.min(this.#pollMs * (0.9 + Math.random() * 0.2), ...rescans);
  }

  /** How many jobs to claim now: none while enough are claimed, or too many wait to be settled. */
  #room(): number {
    const wanted = Math.max(
      this.#options.concurrency,
      this.#claimSize.jobsAhead(performance.now()),
    );
    this.#lowWater = Math.floor(wanted / 2);
    if (this.#settler.backlog > MAX_UNSETTLED || this.#claimed.length > this.#lowWater) return 0;
    return Math.max(0, wanted - this.#claimed.length - this.#busy);
  }

  async #claim(room: number): Promise<number> {
    const { database, types, onEvent } = this.#runtime;
    let left = room;
    try {
      for (const [queue, cursor] of this.#cursors) {
        const startMs = performance.now();
        const after = cursor.from(startMs);
        const from = { queue, types: types.signatures, limit: left, after };
        const { jobs, taken, last } = await claimNext(database, this.#workerId, from);
        const endMs = performance.now();
        cursor.advance(after, { startMs, endMs, taken, last, full: taken >= left });
        onEvent({ event: 'jobs-claimed', queue, jobs: jobs.length, tookMs: endMs - startMs });
        const [first] = jobs;
        if (first) this.#settler.trackLease(first.leaseId, jobs.length);
        this.#claimed.push(...jobs);
        this.#startNext();
        left -= taken;
        if (left <= 0) break;
      }
      this.#claimsFail = false;
    } catch (error) {
      this.#claimsFail = true;
      onEvent({ event: 'trouble', doing: 'claiming', error });
      this.#releaseUnknownUntilMs = performance.now() + this.#options.leaseMs;
    }
    return room - left;
  }

  /**
   * A claim that got no reply may have taken jobs that this process does not know of, under a lease that its heartbeats
   * keep alive. The server may still be running the claim after the connection is lost, so this repeats for `leaseMs`.
   */
  async #releaseUnknown(): Promise<void> {
    const known = [...this.#unsettled.keys(), ...this.#claimed];
    const released = await this.#releaseExcept(known, 'its claim was not answered');
    if (released > 0) this.#runtime.onEvent({ event: 'jobs-released', released });
  }

  #startNext(): void {
    while (this.#busy < this.#options.concurrency && !this.#stopping) {
      const job = this.#claimed.shift();
      if (!job) break;
      this.#busy += 1;
      this.#unsettled.set(job, this.#run(job));
    }
  }

  /** Called when a job ends and makes room for another. If it held a limit, that limit may have blocked all others. */
  #claimIfLow({ ties }: ClaimedJob): void {
    if (this.#claimed.length <= this.#lowWater && (ties !== null || !this.#foundAll)) {
      this.#wakeUp.wake();
    }
  }

  async #run(job: ClaimedJob): Promise<void> {
    const { types, onEvent } = this.#runtime;
    const { settled, outcome } = await runJob(types.get(job.type), job, {
      runtime: this.#runtime,
      settler: this.#settler,
      stop: this.#handlers,
    });
    this.#busy -= 1;
    this.#claimSize.finishedOne();
    this.#startNext();
    this.#claimIfLow(job);
    const settlement = await settled;
    this.#claimIfLow(job); // A full backlog may have blocked the first call.
    this.#unsettled.delete(job);
    reportSettled(onEvent, job, outcome, settlement);
    const failed = settlement.kind === 'recorded' && 'error' in settlement.outcome.ended;
    if (failed) this.#upkeep?.wake(); // Its retry may be due soon.
  }

  async #drain(): Promise<void> {
    const { onEvent } = this.#runtime;
    this.#wakeUp.wake();
    await this.#claiming;
    this.#claimed = [];
    let released = await this.#releaseExcept([...this.#unsettled.keys()]);
    await Promise.all(this.#unsettled.values());
    await this.#settler.idle();
    released += await this.#releaseExcept([]);
    await Promise.race([
      this.#upkeep?.stop(),
      new Promise((resolve) => setTimeout(resolve, UPKEEP_STOP_MS)),
    ]);
    await this.#membership
      ?.leave()
      .catch((error: unknown) => onEvent({ event: 'trouble', doing: 'leaving', error }));
    if (released > 0) onEvent({ event: 'jobs-released', released });
    onEvent({ event: 'worker-stopped', workerId: this.#workerId });
  }

  async #releaseExcept(keep: ClaimedJob[], reason?: string): Promise<number> {
    const ids = keep.map(({ id }) => id);
    try {
      return await release(this.#runtime.database, this.#workerId, ids, reason);
    } catch (error) {
      this.#runtime.onEvent({ event: 'trouble', doing: 'giving jobs back', error });
      return 0;
    }
  }
}
