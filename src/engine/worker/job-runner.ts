import { StopSource } from '../handler/interruption.ts';
import type { ClaimedJob } from '../job/claimed-job.ts';
import type { Runtime } from '../ports/runtime.ts';
import { Settler } from '../settle/settler.ts';
import { ClaimSize } from './claim-size.ts';
import { reportSettled, runJob } from './run-job.ts';

const MAX_UNSETTLED = 1_000;
/** A handler without a time limit may block the event loop for so long before its worker is given up. */
const LONGEST_BLOCK_MS = 900_000;

export interface JobRunnerOptions {
  concurrency: number;
  /** A handler begins, and may take this long. */
  onStart: (longestMs: number) => void;
  /** There is room for more: a waiting claim may go on. */
  onRoom: () => void;
  /** No job is left. */
  onEmpty: () => void;
  /** An attempt has failed: its retry may be due soon. */
  onFailed: () => void;
  /** The database failed an attempt, and not the other way round. */
  onDatabaseTrouble: () => void;
}

/** The jobs in the hands of a worker: those that wait to start, those that run, and those that wait to be settled. */
export class JobRunner {
  readonly #runtime: Runtime;
  readonly #options: JobRunnerOptions;
  readonly #settler: Settler;
  readonly #claimSize = new ClaimSize(performance.now());
  /** Started and not yet settled. Keyed by claim: a job may be claimed again before the reply to its failure arrives. */
  readonly #unsettled = new Map<ClaimedJob, Promise<void>>();
  #running = 0;
  /** Claimed and not yet started. */
  #claimed: ClaimedJob[] = [];
  #lowWater = 0;
  #handlers = new StopSource();
  #held = false;
  /** The last claim found all that there was, so only what a job has blocked may be there now. */
  foundAll = false;

  constructor(runtime: Runtime, options: JobRunnerOptions) {
    this.#runtime = runtime;
    this.#options = options;
    this.#settler = new Settler({ ...runtime, database: runtime.database.own() });
  }

  get counts(): { running: number; inHand: number; unsettled: number } {
    const { backlog } = this.#settler;
    return { running: this.#running, inHand: this.#claimed.length, unsettled: backlog };
  }

  /** See `Settler`. */
  get sentMs(): number {
    return this.#settler.sentMs;
  }

  get isEmpty(): boolean {
    return this.#claimed.length + this.#unsettled.size === 0;
  }

  /** Those that have started. */
  get running(): ClaimedJob[] {
    return [...this.#unsettled.keys()];
  }

  /** The longest time that one of the running handlers may take. */
  longestMs(): number {
    return Math.max(0, ...this.running.map((job) => this.#longestMsOf(job)));
  }

  #longestMsOf({ type }: ClaimedJob): number {
    const { timeoutMs, graceMs } = this.#runtime.types.get(type);
    return timeoutMs === null ? LONGEST_BLOCK_MS : timeoutMs + graceMs;
  }

  /** All that are claimed and not settled. */
  get jobs(): ClaimedJob[] {
    return [...this.#unsettled.keys(), ...this.#claimed];
  }

  /** How many jobs to claim now: none while enough are claimed, or too many wait to be settled. */
  room(): number {
    const { concurrency } = this.#options;
    const wanted = Math.max(concurrency, this.#claimSize.jobsAhead(performance.now()));
    this.#lowWater = Math.floor(wanted / 2);
    if (this.#settler.backlog > MAX_UNSETTLED || this.#claimed.length > this.#lowWater) return 0;
    return Math.max(0, wanted - this.#claimed.length - this.#running);
  }

  /** Places in which a claimed job starts at once, not counting those whose last job is not settled yet. */
  get free(): number {
    return Math.max(0, this.#options.concurrency - this.#unsettled.size - this.#claimed.length);
  }

  /** Takes the jobs of one claim. */
  take(jobs: readonly ClaimedJob[]): void {
    const [first] = jobs;
    if (first) this.#settler.trackLease(first.leaseId, jobs.length);
    this.#claimed.push(...jobs);
    this.#startNext();
  }

  /** Starts nothing until `release`, not even what is claimed. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
    this.#startNext();
  }

  /** Forgets what has not started. */
  dropClaimed(): void {
    this.#claimed = [];
  }

  /** Aborts the handlers that run. Those that start later are aborted too, until `allowHandlers`. */
  abort(reason: Error): void {
    this.#handlers.stop(reason);
  }

  allowHandlers(): void {
    this.#handlers = new StopSource();
  }

  /** Of the handlers that run: an aborted one may take so long to end, and its job is then given back. */
  longestGraceMs(): number {
    const { types } = this.#runtime;
    const graces = [...this.#unsettled.keys()].map(({ type }) => types.get(type).graceMs);
    return Math.max(0, ...graces);
  }

  /** From now on, what the database does not take at once is abandoned. */
  giveUpSettling(): void {
    this.#settler.giveUp();
  }

  /** Resolves when all that has started is settled. */
  async settled(): Promise<void> {
    await Promise.all(this.#unsettled.values());
    await this.#settler.idle();
  }

  #startNext(): void {
    while (this.#running < this.#options.concurrency && !this.#held) {
      const job = this.#claimed.shift();
      if (!job) break;
      this.#running += 1;
      this.#options.onStart(this.#longestMsOf(job));
      this.#unsettled.set(job, this.#run(job));
    }
  }

  /** Called when a job ends and makes room for another. If it held a limit, that limit may have blocked all others. */
  #tellRoom({ ties }: ClaimedJob): void {
    if (this.#claimed.length <= this.#lowWater && (ties !== null || !this.foundAll)) {
      this.#options.onRoom();
    }
  }

  async #run(job: ClaimedJob): Promise<void> {
    const { types, onEvent } = this.#runtime;
    const { settled, outcome } = await runJob(types.get(job.type), job, {
      runtime: this.#runtime,
      settler: this.#settler,
      stop: this.#handlers,
    });
    const { ended } = outcome;
    if ('error' in ended && ended.postponed === 'database') this.#options.onDatabaseTrouble();
    this.#running -= 1;
    this.#claimSize.finishedOne();
    this.#startNext();
    this.#tellRoom(job);
    const settlement = await settled;
    this.#tellRoom(job); // A full backlog may have blocked the first call.
    this.#unsettled.delete(job);
    if (this.isEmpty) this.#options.onEmpty();
    reportSettled(onEvent, job, outcome, settlement);
    if (settlement.kind === 'recorded' && 'error' in settlement.outcome.ended) {
      this.#options.onFailed();
    }
  }
}
