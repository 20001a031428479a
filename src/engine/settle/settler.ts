import type { OpenTransaction } from '../../database/database.ts';
import { isBadData } from '../transitions/bad-data.ts';
import { completeWithin } from '../transitions/complete.ts';
import { isDeliverable } from '../deliveries/create-deliveries.ts';
import { noteFenced } from '../transitions/fence.ts';
import { failureOf } from '../job/failure.ts';
import type { Outcome } from '../job/outcome.ts';
import type { Runtime } from '../ports/runtime.ts';
import { isPostponed } from '../transitions/postpone.ts';
import { settle } from './settle.ts';
import type { Settlement } from '../transitions/settlement.ts';
import { wakeWaiting } from '../transitions/wake.ts';

const TRY_AGAIN_MS = 250;
const MAX_BATCH = 1_000;

type SettlerRuntime = Pick<Runtime, 'database' | 'onEvent' | 'notify'>;

interface Waiting {
  settlement: Settlement;
  settled: (recorded: Outcome | false) => void;
}

/** Settles whatever has finished, together, one batch at a time; nothing waits for a batch to fill. */
export class Settler {
  readonly #runtime: SettlerRuntime;
  /** How many jobs of each lease have no durable settlement yet. */
  readonly #open = new Map<number, number>();
  /** What the database would not store, and the failure that stands in its place. */
  readonly #replaced = new WeakMap<Settlement, Outcome>();
  #spent: number[] = [];
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | null = null;
  #answering: Promise<unknown> = Promise.resolve();

  constructor(runtime: SettlerRuntime) {
    this.#runtime = runtime;
  }

  /** How many have finished and wait to be settled. */
  get backlog(): number {
    return this.#waiting.length;
  }

  opened(leaseId: number, jobs: number): void {
    this.#open.set(leaseId, jobs);
  }

  /** Resolves when the settlement is durable, to the outcome as it was recorded, or to false: refused, since the lease had passed. */
  async settle(settlement: Settlement): Promise<Outcome | false> {
    return new Promise((settled) => {
      this.#waiting.push({ settlement, settled });
      this.#wake();
    });
  }

  /** Settles a completed job inside its own transaction, and ends that: the job's writes and its completion are one. */
  async settleWithin(tx: OpenTransaction, settlement: Settlement): Promise<boolean> {
    const deliverable = isDeliverable(settlement);
    const kept = await (deliverable ? settleAndCommit : completeWithin)(tx, settlement);
    if (!kept) await noteFenced(this.#runtime.database, [settlement]);
    if (deliverable) void this.#runtime.notify('ready');
    if (settlement.job.ties) this.#answering = Promise.all([this.#answering, this.#wakeWaiting()]);
    // Other jobs of the lease may be on their way to the database at this moment, so it is left to the next batch.
    this.#spent.push(...this.#close([settlement]));
    if (this.#spent.length > 0) this.#wake();
    return kept;
  }

  /** Resolves when nothing waits to be settled, and whoever waited for what was settled has been let go on. */
  async idle(): Promise<void> {
    while (this.#flushing) await this.#flushing;
    await this.#answering;
  }

  #wake(): void {
    this.#flushing ??= this.#flush().finally(() => (this.#flushing = null));
  }

  async #flush(): Promise<void> {
    // One turn of the event loop, so that handlers that end together are settled together.
    await new Promise((resolve) => setImmediate(resolve));
    while (this.#waiting.length > 0 || this.#spent.length > 0) {
      const batch = this.#waiting.splice(0, MAX_BATCH);
      const settlements = batch.map(({ settlement }) => settlement);
      const drained = [...this.#spent.splice(0), ...this.#drainedBy(settlements)];
      const fromMs = performance.now();
      const refused = new Set(await this.#persist(settlements, drained));
      const tookMs = performance.now() - fromMs;
      this.#runtime.onEvent({ event: 'batch-settled', jobs: batch.length, tookMs });
      this.#spent.push(...this.#close(settlements).filter((id) => !drained.includes(id)));
      for (const { settlement, settled } of batch) {
        const recorded = this.#replaced.get(settlement) ?? settlement.outcome;
        settled(refused.has(settlement) ? false : recorded);
      }
      if (settlements.some(isDeliverable)) void this.#runtime.notify('ready');
      if (settlements.some(isPostponed)) void this.#runtime.notify('later');
      if (settlements.some(({ job }) => job.ties)) await this.#wakeWaiting();
    }
  }

  /** Should it fail, the upkeep of any worker answers them. */
  async #wakeWaiting(): Promise<void> {
    try {
      const { woken } = await wakeWaiting(this.#runtime.database);
      if (woken > 0) void this.#runtime.notify('ready');
    } catch (error) {
      this.#runtime.onEvent({ event: 'trouble', doing: 'settling', error });
    }
  }

  /** Tries until the database has answered: what has happened must be told, and telling it twice does no harm. */
  async #persist(settlements: Settlement[], drained: number[]): Promise<Settlement[]> {
    for (;;) {
      try {
        const refused = settlements.some(isDeliverable)
          ? await this.#runtime.database.transaction((tx) => settle(tx, settlements, drained))
          : await settle(this.#runtime.database, settlements, drained);
        return refused.length > 0 ? await noteFenced(this.#runtime.database, refused) : [];
      } catch (error) {
        this.#runtime.onEvent({ event: 'trouble', doing: 'settling', error });
        if (isBadData(error)) return this.#isolate(settlements, drained, error);
        await new Promise((resolve) => setTimeout(resolve, TRY_AGAIN_MS));
      }
    }
  }

  /** One settlement that the database will not store must not hold up the others: alone, it is a failed attempt. */
  async #isolate(
    settlements: Settlement[],
    drained: number[],
    error: unknown,
  ): Promise<Settlement[]> {
    const [only] = settlements;
    if (!only) return [];
    if (settlements.length === 1) {
      // Not even its failure can be stored: no more is told of it, and the job is rescued when its lease has passed.
      if ('error' in only.outcome.ended) return [only];
      const failed = { ...failureOf(error), permanent: true };
      const outcome = { ...only.outcome, ended: failed, effects: [], log: [] };
      this.#replaced.set(only, outcome);
      const refused = await this.#persist([{ ...only, outcome }], drained);
      return refused.length > 0 ? [only] : [];
    }
    const middle = Math.ceil(settlements.length / 2);
    const first = await this.#persist(settlements.slice(0, middle), []);
    return [...first, ...(await this.#persist(settlements.slice(middle), drained))];
  }

  /** The leases that have nothing left when these are settled. */
  #drainedBy(settlements: readonly Settlement[]): number[] {
    const closing = countByLease(settlements);
    return [...closing].filter(([id, count]) => this.#open.get(id) === count).map(([id]) => id);
  }

  #close(settlements: readonly Settlement[]): number[] {
    const spent: number[] = [];
    for (const [id, count] of countByLease(settlements)) {
      const left = (this.#open.get(id) ?? count) - count;
      if (left > 0) this.#open.set(id, left);
      else if (this.#open.delete(id)) spent.push(id);
    }
    return spent;
  }
}

/** The deliveries are jobs of the same transaction. False: refused, and rolled back. */
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
