import type { OpenTransaction } from '../../database/database.ts';
import { errorKind, isInfrastructure, sqlstateOf } from '../../database/error-kind.ts';
import { errorMessage } from '../../errors.ts';
import { isDeliverable } from '../deliveries/create-deliveries.ts';
import { type Failure, failureOf, NOT_COUNTED } from '../job/failure.ts';
import { ABANDONED, FENCED, type Outcome, type Settled } from '../job/outcome.ts';
import type { Runtime } from '../ports/runtime.ts';
import { completeWithin } from '../transitions/complete.ts';
import { auditFenced } from '../transitions/fence.ts';
import { isPostponed } from '../transitions/postpone.ts';
import type { Settlement } from '../transitions/settlement.ts';
import { wakeWaiting } from '../transitions/wake.ts';
import { settle } from './settle.ts';
import { fateOf } from './unanswered.ts';

const RETRY_MS = 250;
const LONGEST_RETRY_MS = 2_000;
/** After so many failures a batch is split, so that a settlement that the server cannot take holds up no other. */
const TRIES_TOGETHER = 4;
/** After so many, a settlement alone that the server has no memory or no time for is recorded as failed. */
const TRIES_ALONE = 12;
/** Out of memory, and cancelled by a statement timeout. */
const TOO_MUCH = ['53200', '57014'];
const MAX_BATCH = 1_000;

type SettlerRuntime = Pick<Runtime, 'database' | 'onEvent' | 'notify'>;

interface Waiting {
  settlement: Settlement;
  resolve: (settled: Settled) => void;
}

/** Settles finished attempts, one batch at a time. A batch never waits to fill up. */
export class Settler {
  readonly #runtime: SettlerRuntime;
  /** How many jobs of each lease have no durable settlement yet. */
  readonly #openJobs = new Map<number, number>();
  /** Settlements that the database could not store, and the failures recorded instead. */
  readonly #replaced = new WeakMap<Settlement, Outcome>();
  /** Postponed settlements that were recorded as failed. */
  readonly #overdrawn = new Set<Settlement>();
  /** Leases without open jobs, for the next batch to close. */
  #finishedLeases: number[] = [];
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | null = null;
  #wakingJobs: Promise<unknown> = Promise.resolve();
  #givenUp = false;
  /** When the batch that waits for its reply was sent. Infinity: none waits. */
  sentMs = Infinity;

  constructor(runtime: SettlerRuntime) {
    this.#runtime = runtime;
  }

  /** The number of finished attempts that wait to be settled. */
  get backlog(): number {
    return this.#waiting.length;
  }

  /** Expects this many settlements of a lease. The last one closes it. */
  trackLease(leaseId: number, jobs: number): void {
    this.#openJobs.set(leaseId, jobs);
  }

  /** Settles an attempt in the next batch. Resolves when the batch is durable. */
  async record(settlement: Settlement): Promise<Settled> {
    return new Promise((resolve) => {
      this.#waiting.push({ settlement, resolve });
      this.#startFlush();
    });
  }

  /** Settles a completed job in its handler's transaction and ends it: the handler's writes and the completion commit together. */
  async recordWithin(tx: OpenTransaction, settlement: Settlement): Promise<Settled> {
    const kept = await (isDeliverable(settlement) ? settleAndCommit : completeWithin)(
      tx,
      settlement,
    );
    if (!kept) await auditFenced(this.#runtime.database, [settlement]);
    this.#settledWithin(settlement);
    return kept ? { kind: 'recorded', outcome: settlement.outcome } : FENCED;
  }

  /**
   * Settles an attempt whose COMMIT failed. If the COMMIT may have taken effect, this first finds out. An attempt that was
   * undone through no fault of its job is given back.
   */
  async recordAfter(error: unknown, settlement: Settlement, failure: Failure): Promise<Settled> {
    const replace = (ended: Failure): Settlement => ({
      ...settlement,
      outcome: { ...settlement.outcome, effects: [], ended },
    });
    if (!isInfrastructure(error)) return this.record(replace(failure));
    const { database } = this.#runtime;
    const fate =
      errorKind(error) === 'lost'
        ? await fateOf(database, settlement, () => this.#givenUp)
        : 'undone';
    if (fate === 'recorded') {
      this.#settledWithin(settlement);
      return { kind: 'recorded', outcome: settlement.outcome };
    }
    return this.record(replace(fate === 'undone' ? { ...failure, ...NOT_COUNTED } : failure));
  }

  #settledWithin(settlement: Settlement): void {
    if (isDeliverable(settlement)) void this.#runtime.notify('ready');
    if (settlement.job.ties) {
      this.#wakingJobs = Promise.all([this.#wakingJobs, this.#wakeJobs()]);
    }
    // Other jobs of the lease may be being settled at this moment, so the next batch closes it.
    this.#finishedLeases.push(...this.#countDown([settlement]));
    if (this.#finishedLeases.length > 0) this.#startFlush();
  }

  /** From now on, what the database does not take at once is abandoned. */
  giveUp(): void {
    this.#givenUp = true;
  }

  /** Resolves when nothing waits to be settled and the jobs that the settled ones blocked have been woken. */
  async idle(): Promise<void> {
    while (this.#flushing) await this.#flushing;
    await this.#wakingJobs;
  }

  #startFlush(): void {
    this.#flushing ??= this.#flush().finally(() => (this.#flushing = null));
  }

  async #flush(): Promise<void> {
    // Waits one turn of the event loop, so that handlers that end together are settled together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0 || this.#finishedLeases.length > 0) {
      const batch = this.#waiting.splice(0, MAX_BATCH);
      const settlements = batch.map(({ settlement }) => settlement);
      const leases = [...this.#finishedLeases.splice(0), ...this.#leasesFinishedBy(settlements)];
      const startMs = performance.now();
      const persisted = await this.#persist(settlements, leases);
      this.sentMs = Infinity;
      if (persisted === null) return this.#abandon(batch);
      const refused = new Set(persisted);
      const tookMs = performance.now() - startMs;
      this.#runtime.onEvent({ event: 'batch-settled', jobs: batch.length, tookMs });
      const finished = this.#countDown(settlements).filter((id) => !leases.includes(id));
      this.#finishedLeases.push(...finished);
      for (const { settlement, resolve } of batch) {
        const outcome = this.#replaced.get(settlement) ?? settlement.outcome;
        if (isPostponed(settlement) && !this.#overdrawn.delete(settlement)) resolve(ABANDONED);
        else resolve(refused.has(settlement) ? FENCED : { kind: 'recorded', outcome });
      }
      if (settlements.some(isDeliverable)) void this.#runtime.notify('ready');
      if (settlements.some(isPostponed)) void this.#runtime.notify('later');
      if (settlements.some(({ job }) => job.ties)) await this.#wakeJobs();
    }
  }

  /** The database did not take them before the deadline of a stop. Their leases pass, and the jobs run again. */
  #abandon(batch: readonly Waiting[]): void {
    const all = [...batch, ...this.#waiting.splice(0)];
    this.#finishedLeases = [];
    for (const { resolve } of all) resolve(ABANDONED);
    const error = new Error(
      `The database did not take the ends of ${all.length} jobs in time. They will run again.`,
    );
    this.#runtime.onEvent({ event: 'trouble', doing: 'stopping', error });
  }

  /** If this fails, the upkeep of any worker does it later. */
  async #wakeJobs(): Promise<void> {
    try {
      const { woken } = await wakeWaiting(this.#runtime.database);
      if (woken > 0) void this.#runtime.notify('ready');
    } catch (error) {
      this.#runtime.onEvent({ event: 'trouble', doing: 'settling', error });
    }
  }

  /**
   * Retries until the database replies: the outcomes must be recorded, and recording them twice is harmless. Returns the
   * refused settlements, or null if it was given up.
   */
  async #persist(settlements: Settlement[], leases: number[]): Promise<Settlement[] | null> {
    for (let tries = 1; ; tries += 1) {
      this.sentMs = performance.now();
      try {
        const refused = settlements.some(isDeliverable)
          ? await this.#runtime.database.transaction((tx) =>
              settle(tx, settlements, leases, this.#overdrawn),
            )
          : await settle(this.#runtime.database, settlements, leases, this.#overdrawn);
        return refused.length > 0 ? await auditFenced(this.#runtime.database, refused) : [];
      } catch (error) {
        this.#runtime.onEvent({ event: 'trouble', doing: 'settling', error });
        if (this.#givenUp) return null;
        if (isHopeless(error, tries, settlements)) return this.#isolate(settlements, leases, error);
        this.sentMs = Infinity;
        const waitMs = Math.min(RETRY_MS * 2 ** (tries - 1), LONGEST_RETRY_MS);
        await new Promise((resolve) => setTimeout(resolve, waitMs));
      }
    }
  }

  /** Bisects a batch that the database rejects: the settlement at fault is recorded as a failed attempt, the others as they are. */
  async #isolate(
    settlements: Settlement[],
    leases: number[],
    error: unknown,
  ): Promise<Settlement[] | null> {
    const [only] = settlements;
    if (!only) return [];
    if (settlements.length === 1) {
      // Not even its failure can be stored, so give up. The job is rescued when its lease expires.
      if ('error' in only.outcome.ended) return [only];
      const reason = `What the job returned could not be stored: ${errorMessage(error)}`;
      const failed = { ...failureOf(new Error(reason, { cause: error })), permanent: true };
      const outcome = { ...only.outcome, ended: failed, effects: [], log: [] };
      this.#replaced.set(only, outcome);
      const refused = await this.#persist([{ ...only, outcome }], leases);
      return refused && (refused.length > 0 ? [only] : []);
    }
    const middle = Math.ceil(settlements.length / 2);
    const first = await this.#persist(settlements.slice(0, middle), []);
    const second = first && (await this.#persist(settlements.slice(middle), leases));
    return second && [...first, ...second];
  }

  /** The leases whose last open jobs these are. */
  #leasesFinishedBy(settlements: readonly Settlement[]): number[] {
    const counts = countByLease(settlements);
    return [...counts].filter(([id, count]) => this.#openJobs.get(id) === count).map(([id]) => id);
  }

  /** Counts these jobs as settled. Returns the leases that have no open jobs left. */
  #countDown(settlements: readonly Settlement[]): number[] {
    const finished: number[] = [];
    for (const [id, count] of countByLease(settlements)) {
      const left = (this.#openJobs.get(id) ?? count) - count;
      if (left > 0) this.#openJobs.set(id, left);
      else if (this.#openJobs.delete(id)) finished.push(id);
    }
    return finished;
  }
}

/** Whether these settlements will not be stored as they are, however often they are tried. */
function isHopeless(error: unknown, tries: number, settlements: readonly Settlement[]): boolean {
  const kind = errorKind(error);
  if (kind !== 'busy') return kind === 'data';
  if (settlements.length > 1) return tries >= TRIES_TOGETHER;
  return tries >= TRIES_ALONE && TOO_MUCH.includes(sqlstateOf(error) ?? '');
}

/** Enqueues the deliveries in the same transaction. Returns false if the settlement was refused and rolled back. */
async function settleAndCommit(tx: OpenTransaction, settlement: Settlement): Promise<boolean> {
  const refused = await settle(tx, [settlement], []);
  await (refused.length === 0 ? tx.commit() : tx.rollback());
  return refused.length === 0;
}

function countByLease(settlements: readonly Settlement[]): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { job } of settlements) counts.set(job.leaseId, (counts.get(job.leaseId) ?? 0) + 1);
  return counts;
}
