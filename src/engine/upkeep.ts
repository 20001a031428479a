import { Bell } from './bell.ts';
import { cancelOverdue } from './cancel.ts';
import { MAX_PROMOTED, promote } from './promote.ts';
import { dropPassedKeys } from './unique-keys.ts';
import { unknownTypes } from './unknown-types.ts';
import { vacuum } from './vacuum.ts';
import { rescue } from './rescue.ts';
import { fireDue } from './schedule.ts';
import { answerCalls } from './wake.ts';
import type { World } from './world.ts';

const SWEEP_MS = 5_000;
const MINUTE_MS = 60_000;
/** However often it is rung, it looks no more often than this. */
const REST_MS = 25;

export interface UpkeepOptions {
  world: World;
  queues: readonly string[];
  actor: string;
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
    if (
      this.#options.world.database.exclusive &&
      performance.now() - this.#vacuumedMs >= MINUTE_MS
    ) {
      await this.#attempt('vacuuming', () => this.#vacuum());
    }
    const tickMs = await this.#attempt('firing schedules', () => this.#fire());
    const dueMs = await this.#attempt('promoting jobs', () => this.#promote());
    const tokensMs = await this.#attempt('waking jobs', () => this.#answerCalls());
    return Math.min(tickMs ?? Infinity, dueMs ?? Infinity, tokensMs ?? Infinity);
  }

  async #sweep(): Promise<null> {
    this.#sweptMs = performance.now();
    const { actor } = this.#options;
    const { database } = this.#options.world;
    await cancelOverdue(database, actor);
    await dropPassedKeys(database);
    const { rescued, again } = await rescue(database, actor);
    if (rescued > 0) this.#options.world.onEvent({ event: 'jobs-rescued', rescued, again });
    if (again > 0) this.#options.onReady();
    return null;
  }

  async #tellUnknown(): Promise<null> {
    this.#lookedForUnknownMs = performance.now();
    const { database, types, onEvent } = this.#options.world;
    const unknown = await unknownTypes(database, this.#options.queues, types.signatures);
    if (unknown.length > 0) onEvent({ event: 'types-unknown', types: unknown });
    return null;
  }

  async #vacuum(): Promise<null> {
    this.#vacuumedMs = performance.now();
    await vacuum(this.#options.world.database);
    return null;
  }

  async #fire(): Promise<number | null> {
    const { database, types, limits, onEvent } = this.#options.world;
    const { fired, nextMs } = await fireDue(database, types, limits);
    if (fired > 0) {
      onEvent({ event: 'ticks-fired', fired });
      this.#options.onReady();
    }
    return nextMs;
  }

  async #promote(): Promise<number | null> {
    const { promoted, nextMs } = await promote(this.#options.world.database);
    if (promoted > 0) this.#options.onReady();
    return promoted === MAX_PROMOTED ? 0 : nextMs;
  }

  async #answerCalls(): Promise<number | null> {
    const { woken, nextMs } = await answerCalls(this.#options.world.database);
    if (woken > 0) this.#options.onReady();
    return nextMs;
  }

  /** What fails is told, and does not keep the others from their turn. */
  async #attempt(doing: string, step: () => Promise<number | null>): Promise<number | null> {
    try {
      return await step();
    } catch (error) {
      this.#options.world.onEvent({ event: 'trouble', doing, error });
      return SWEEP_MS;
    }
  }
}
