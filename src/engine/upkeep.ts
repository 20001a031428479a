import type { Database } from '../database/database.ts';
import { Bell } from './bell.ts';
import type { Listener } from './events.ts';
import { cancelOverdue } from './cancel.ts';
import type { Limits } from './limit.ts';
import { MAX_PROMOTED, promote } from './promote.ts';
import type { Registry } from './registry.ts';
import { dropPassedKeys } from './unique-keys.ts';
import { unknownTypes } from './unknown-types.ts';
import { vacuum } from './vacuum.ts';
import { rescue } from './rescue.ts';
import { fireDue } from './schedule.ts';
import { answerCalls } from './wake.ts';

const SWEEP_MS = 5_000;
const MINUTE_MS = 60_000;
/** However often it is rung, it looks no more often than this. */
const REST_MS = 25;

export interface UpkeepOptions {
  database: Database;
  types: Registry;
  limits: Limits;
  queues: readonly string[];
  actor: string;
  onEvent: Listener;
  /** Called when jobs have become ready. */
  onReady(): void;
}

/** What every worker does beside running jobs: fires schedules, promotes what has come due, rescues what others have lost. */
export class Upkeep {
  readonly #options: UpkeepOptions;
  readonly #bell = new Bell();
  #stopped = false;
  #loop: Promise<void> = Promise.resolve();
  #sweptMs = -Infinity;
  #vacuumedMs = performance.now();
  #lookedForUnknownMs = -Infinity;

  constructor(options: UpkeepOptions) {
    this.#options = options;
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Something may have been put down for later. */
  ring(): void {
    this.#bell.ring();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#bell.ring();
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const nextMs = await this.#look();
      const jitteredMs = SWEEP_MS * (0.9 + Math.random() * 0.2);
      await this.#bell.wait(Math.min(Math.max(nextMs, REST_MS), jitteredMs));
      if (!this.#stopped) await new Promise((resolve) => setTimeout(resolve, REST_MS));
    }
  }

  /** Answers in how many milliseconds something is known to come due. */
  async #look(): Promise<number> {
    if (performance.now() - this.#sweptMs >= SWEEP_MS * 0.9)
      await this.#attempt('sweeping', () => this.#sweep());
    if (performance.now() - this.#lookedForUnknownMs >= MINUTE_MS)
      await this.#attempt('looking for unknown types', () => this.#tellUnknown());
    if (this.#options.database.exclusive && performance.now() - this.#vacuumedMs >= MINUTE_MS) {
      await this.#attempt('vacuuming', () => this.#vacuum());
    }
    const tickMs = await this.#attempt('firing schedules', () => this.#fire());
    const dueMs = await this.#attempt('promoting jobs', () => this.#promote());
    const tokensMs = await this.#attempt('waking jobs', () => this.#answerCalls());
    return Math.min(tickMs ?? Infinity, dueMs ?? Infinity, tokensMs ?? Infinity);
  }

  async #sweep(): Promise<null> {
    this.#sweptMs = performance.now();
    const { database, actor } = this.#options;
    await cancelOverdue(database, actor);
    await dropPassedKeys(database);
    const { rescued, again } = await rescue(database, actor);
    if (rescued > 0) this.#options.onEvent({ event: 'jobs-rescued', rescued, again });
    if (again > 0) this.#options.onReady();
    return null;
  }

  async #tellUnknown(): Promise<null> {
    this.#lookedForUnknownMs = performance.now();
    const { database, types, queues, onEvent } = this.#options;
    const unknown = await unknownTypes(database, queues, types.signatures);
    if (unknown.length > 0) onEvent({ event: 'types-unknown', types: unknown });
    return null;
  }

  async #vacuum(): Promise<null> {
    this.#vacuumedMs = performance.now();
    await vacuum(this.#options.database);
    return null;
  }

  async #fire(): Promise<number | null> {
    const { database, types, limits, onEvent } = this.#options;
    const { fired, nextMs } = await fireDue(database, types, limits);
    if (fired > 0) {
      onEvent({ event: 'ticks-fired', fired });
      this.#options.onReady();
    }
    return nextMs;
  }

  async #promote(): Promise<number | null> {
    const { promoted, nextMs } = await promote(this.#options.database);
    if (promoted > 0) this.#options.onReady();
    return promoted === MAX_PROMOTED ? 0 : nextMs;
  }

  async #answerCalls(): Promise<number | null> {
    const { woken, nextMs } = await answerCalls(this.#options.database);
    if (woken > 0) this.#options.onReady();
    return nextMs;
  }

  /** What fails is told, and does not keep the others from their turn. */
  async #attempt(doing: string, step: () => Promise<number | null>): Promise<number | null> {
    try {
      return await step();
    } catch (error) {
      this.#options.onEvent({ event: 'trouble', doing, error });
      return SWEEP_MS;
    }
  }
}
