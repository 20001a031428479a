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
import { runJob } from './run-job.ts';

const MAX_UNSETTLED = 1_000;
const POLL_MS = 2_000;
/** Where all work is announced: upkeep looks too, and what it sees is announced. */
const POLL_HEARING_MS = 30_000;

/** The loop around claim, execute and settle. */
export class Worker {
  readonly #runtime: Runtime;
  readonly #options: WorkerSettings & { queues: readonly string[] };
  readonly #settler: Settler;
  readonly #wakeUp = new WakeUp();
  readonly #claimSize = new ClaimSize(performance.now());
  readonly #cursors: ReadonlyMap<string, ClaimCursor>;
  /** Begun and not yet settled: by claim, since a job may be claimed again before the answer to its failure is here. */
  readonly #live = new Map<ClaimedJob, Promise<void>>();
  #busy = 0;
  #inHand: ClaimedJob[] = [];
  #lowWater = 0;
  #membership: Membership | null = null;
  #upkeep: Upkeep | null = null;
  #handlers = new StopSource();
  #claiming: Promise<void> = Promise.resolve();
  /** The last claim found fewer than it looked for: there are no more, until somebody says so. */
  #foundAll = false;
  #unsureUntilMs = -Infinity;
  #stopping: Promise<void> | null = null;
  #hearing = false;

  constructor(runtime: Runtime, settings: WorkerSettings) {
    this.#runtime = runtime;
    this.#options = { queues: runtime.types.queues(), ...settings };
    this.#settler = new Settler(runtime);
    this.#cursors = new Map(this.#options.queues.map((queue) => [queue, new ClaimCursor()]));
  }

  get activity(): WorkerActivity {
    return {
      workerId: this.#membership?.workerId ?? null,
      stopping: this.#stopping !== null,
      concurrency: this.#options.concurrency,
      running: this.#busy,
      inHand: this.#inHand.length,
      unsettled: this.#settler.backlog,
    };
  }

  async start(): Promise<void> {
    await this.#join();
    this.#upkeep = new Upkeep({
      runtime: this.#runtime,
      queues: this.#options.queues,
      actor: `worker:${this.#workerId}`,
      onReady: () => this.#wakeUp.wake(),
    });
    this.#upkeep.start();
    this.#claiming = this.#claimLoop();
  }

  /** From now on it is told of all work, by whatever process. */
  hears(): void {
    this.#hearing = true;
  }

  /** There is new work. */
  wake(work: NewWork): void {
    this.#wakeUp.wake();
    if (work === 'later') this.#upkeep?.wake();
  }

  /** Claims no more, gives back what has not begun, waits for what has, and after `deadlineMs` aborts and gives back that too. */
  async stop(deadlineMs = 30_000): Promise<void> {
    const timer = setTimeout(
      () => this.#handlers.stop(new Error('The worker is being stopped.')),
      deadlineMs,
    );
    this.#stopping ??= this.#drain();
    await this.#stopping;
    clearTimeout(timer);
  }

  get #pollMs(): number {
    return this.#options.pollMs ?? (this.#hearing ? POLL_HEARING_MS : POLL_MS);
  }

  get #workerId(): number {
    return this.#membership?.workerId ?? 0;
  }

  async #join(): Promise<void> {
    const { database, types, onEvent } = this.#runtime;
    const { leaseMs, queues, concurrency } = this.#options;
    this.#membership = await Membership.join(database, {
      leaseMs,
      queues,
      types: types.signatures,
      onLost: () => void this.#joinAgain(),
      onTrouble: (error) => onEvent({ event: 'trouble', doing: 'heartbeat', error }),
    });
    onEvent({ event: 'worker-started', workerId: this.#workerId, queues, concurrency });
  }

  /** Too late: others have its jobs, or will. Everything in hand is dropped, and it goes on as a new worker. */
  async #joinAgain(): Promise<void> {
    this.#runtime.onEvent({ event: 'lease-lost', workerId: this.#workerId });
    this.#membership = null;
    this.#handlers.stop(new Error('The worker has lost its lease.'));
    this.#inHand = [];
    while (!this.#stopping) {
      try {
        await this.#join();
        this.#handlers = new StopSource();
        return;
      } catch (error) {
        this.#runtime.onEvent({ event: 'trouble', doing: 'joining again', error });
        await new Promise((resolve) => setTimeout(resolve, this.#pollMs));
      }
    }
  }

  async #claimLoop(): Promise<void> {
    while (!this.#stopping) {
      if (performance.now() < this.#unsureUntilMs) await this.#giveBackUnheard();
      const room = this.#room();
      if (room > 0) this.#foundAll = (await this.#claim(room)) < room;
      if (room === 0) await this.#wakeUp.wait(this.#pollMs);
      else if (this.#foundAll) await this.#wakeUp.wait(this.#restMs());
    }
  }

  /** Until the next claim, if nothing calls for it before. */
  #restMs(): number {
    const nowMs = performance.now();
    const walks = [...this.#cursors.values()].map((walk) => walk.restMs(nowMs));
    return Math.min(this.#pollMs * (0.9 + Math.random() * 0.2), ...walks);
  }

  /** How many jobs to claim now: none while enough are in hand, or too many wait to be settled. */
  #room(): number {
    const wanted = Math.max(
      this.#options.concurrency,
      this.#claimSize.jobsAhead(performance.now()),
    );
    this.#lowWater = Math.floor(wanted / 2);
    if (this.#settler.backlog > MAX_UNSETTLED || this.#inHand.length > this.#lowWater) return 0;
    return Math.max(0, wanted - this.#inHand.length - this.#busy);
  }

  async #claim(room: number): Promise<number> {
    const { database, types, onEvent } = this.#runtime;
    let left = room;
    try {
      for (const [queue, walk] of this.#cursors) {
        const fromMs = performance.now();
        const after = walk.from(fromMs);
        const from = { queue, types: types.signatures, limit: left, after };
        const { jobs, seen, last } = await claimNext(database, this.#workerId, from);
        const toMs = performance.now();
        walk.walked(after, { fromMs, toMs, seen, last, full: seen >= left });
        onEvent({ event: 'jobs-claimed', queue, jobs: jobs.length, tookMs: toMs - fromMs });
        const [first] = jobs;
        if (first) this.#settler.opened(first.leaseId, jobs.length);
        this.#inHand.push(...jobs);
        this.#startNext();
        left -= seen;
        if (left <= 0) break;
      }
    } catch (error) {
      onEvent({ event: 'trouble', doing: 'claiming', error });
      this.#unsureUntilMs = performance.now() + this.#options.leaseMs;
    }
    return room - left;
  }

  /**
   * A claim whose answer was lost may have taken jobs that nobody here knows of, under a lease that does not pass while
   * we live. The server may still be at it when its connection is gone, so this is done for as long as a lease.
   */
  async #giveBackUnheard(): Promise<void> {
    const known = [...this.#live.keys(), ...this.#inHand];
    const released = await this.#giveBack(known, 'its claim was not answered');
    if (released > 0) this.#runtime.onEvent({ event: 'jobs-released', released });
  }

  #startNext(): void {
    while (this.#busy < this.#options.concurrency && !this.#stopping) {
      const job = this.#inHand.shift();
      if (!job) break;
      this.#busy += 1;
      this.#live.set(job, this.#run(job));
    }
  }

  /** A job that is done makes room for another. One that held a limit may have been what kept all others back. */
  #ringIfLow({ ties }: ClaimedJob): void {
    if (this.#inHand.length <= this.#lowWater && (ties !== null || !this.#foundAll)) {
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
    this.#ringIfLow(job);
    const recorded = await settled;
    this.#ringIfLow(job); // A full backlog may have been what kept it from claiming.
    this.#live.delete(job);
    if (recorded) onEvent({ event: 'job-settled', job, outcome: recorded });
    if (recorded === false) onEvent({ event: 'job-fenced', job, outcome });
    if (recorded && 'error' in recorded.ended) this.#upkeep?.wake(); // It may be due again soon.
  }

  async #drain(): Promise<void> {
    const { onEvent } = this.#runtime;
    this.#wakeUp.wake();
    await this.#claiming;
    this.#inHand = [];
    let released = await this.#giveBack([...this.#live.keys()]);
    await Promise.all(this.#live.values());
    await this.#settler.idle();
    released += await this.#giveBack([]);
    await this.#upkeep?.stop();
    await this.#membership
      ?.leave()
      .catch((error: unknown) => onEvent({ event: 'trouble', doing: 'leaving', error }));
    if (released > 0) onEvent({ event: 'jobs-released', released });
    onEvent({ event: 'worker-stopped', workerId: this.#workerId });
  }

  async #giveBack(keep: ClaimedJob[], reason?: string): Promise<number> {
    const ids = keep.map(({ id }) => id);
    try {
      return await release(this.#runtime.database, this.#workerId, ids, reason);
    } catch (error) {
      this.#runtime.onEvent({ event: 'trouble', doing: 'giving jobs back', error });
      return 0;
    }
  }
}
