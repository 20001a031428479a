import { setTimeout as sleep } from 'node:timers/promises';
import type { Database } from '../../database/database.ts';
import { mayBeOpen, writersOf } from '../../database/writers.ts';
import { markLost, overdueWorkers } from '../transitions/lost-workers.ts';
import { rescue, type Rescued } from '../transitions/rescue.ts';
import { ClockWatch } from './clock-watch.ts';

const POLL_MS = 25;
const POLLS = 8;
/** For so long the jobs of a lost worker wait for its last transactions. After that they are rescued and charged. */
const LONGEST_WAIT_MS = 15_000;

/** The transactions that may still record what a lost worker ran. */
interface Pending {
  writers: readonly string[];
  sinceMs: number;
}

export interface LostWorkersOptions {
  actor: string;
  /** How long leases are not believed after the clock was set forward. */
  leaseMs: number;
  /** The worker of this process. */
  self: () => number;
}

const NONE: Rescued = { rescued: 0, again: 0, charged: 0 };

/**
 * Finds the workers whose leases have passed, marks them as lost, and rescues their jobs once none of their transactions can
 * record them any more.
 */
export class LostWorkers {
  readonly #database: Database;
  readonly #actor: string;
  readonly #leaseMs: number;
  readonly #self: () => number;
  readonly #clock = new ClockWatch();
  readonly #pending = new Map<number, Pending>();

  constructor(database: Database, { actor, leaseMs, self }: LostWorkersOptions) {
    this.#database = database;
    this.#actor = actor;
    this.#leaseMs = leaseMs;
    this.#self = self;
  }

  /** See `ClockWatch`. */
  observe(nowMs: number, sentMs: number, answeredMs: number): void {
    this.#clock.observe(nowMs, sentMs, answeredMs);
  }

  async rescue(): Promise<Rescued> {
    // After a step forward all leases seem to have passed. Whoever lives renews its own within a lease.
    const believe = this.#clock.sinceStepMs(performance.now()) > this.#leaseMs;
    const workers = await this.#mark(believe);
    if (workers.length === 0) return NONE;
    let proven = await this.#provenOf(workers);
    for (let polls = 0; proven.length < workers.length && polls < POLLS; polls += 1) {
      await sleep(POLL_MS);
      proven = await this.#provenOf(workers);
    }
    const endMs = performance.now() - LONGEST_WAIT_MS;
    const late = workers.filter((id) => (this.#pending.get(id)?.sinceMs ?? Infinity) < endMs);
    const ready = [...new Set([...proven, ...late])];
    return ready.length > 0
      ? rescue(this.#database, this.#actor, { workers: ready, proven })
      : NONE;
  }

  /** The workers that are marked as lost: those from before, and now all whose leases have passed, if the clock can be believed. */
  async #mark(believe: boolean): Promise<number[]> {
    const overdue = await overdueWorkers(this.#database, this.#self());
    const unmarked = overdue.filter(({ lost }) => !lost).map(({ id }) => id);
    if (believe && unmarked.length > 0) await markLost(this.#database, unmarked);
    const marked = overdue.filter(({ lost }) => believe || lost).map(({ id }) => id);
    for (const id of this.#pending.keys()) if (!marked.includes(id)) this.#pending.delete(id);
    return marked;
  }

  /** Those of these workers, marked as lost before, of which no transaction is under way any more. */
  async #provenOf(workers: readonly number[]): Promise<number[]> {
    if (this.#database.exclusive) return [...workers];
    const open = await writersOf(this.#database, 'humdrum.attempt');
    const nowMs = performance.now();
    return workers.filter((id) => {
      const pending = this.#pending.get(id) ?? { writers: open.ids, sinceMs: nowMs };
      this.#pending.set(id, pending);
      return !mayBeOpen(open, pending.writers);
    });
  }
}
