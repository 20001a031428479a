import { Bell } from './bell.ts';
import { cancelOverdue } from './cancel.ts';
import { MAX_PROMOTED, promote } from './promote.ts';
import { rescue } from './rescue.ts';
import { extendHistory } from './retention.ts';
import { fireDue } from './schedule.ts';
import { dropPassedKeys } from './unique-keys.ts';
import { unknownTypes } from './unknown-types.ts';
import { vacuum } from './vacuum.ts';
import { answerCalls } from './wake.ts';
import type { World } from './world.ts';

const SWEEP_MS = 5_000;
const MINUTE_MS = 60_000;
/** However often it is rung, it looks no more often than this. */
const REST_MS = 25;

export interface UpkeepOptions {
  world: World;
  actor: string;
  queues: readonly string[];
  /** Called when jobs have become ready. */
  onReady(): void;
}

/** Something that is done from time to time, however often upkeep looks. */
interface Chore {
  doing: string;
  everyMs: number;
  task: () => Promise<void>;
  doneMs: number;
}

/** What every worker does beside running jobs: fires schedules, promotes what has come due, rescues what others have lost. */
export class Upkeep {
  readonly #options: UpkeepOptions;
  readonly #bell = new Bell();
  readonly #chores: Chore[];
  #stopped = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: UpkeepOptions) {
    this.#options = options;
    const { database } = options.world;
    const chore = (
      doing: string,
      everyMs: number,
      task: () => Promise<void>,
      doneMs = -Infinity,
    ): Chore => ({ doing, everyMs, task, doneMs });
    this.#chores = [
      chore('rescuing', SWEEP_MS * 0.9, () => this.#rescue()),
      chore('clearing', SWEEP_MS * 0.9, () => this.#clear()),
      chore('looking for unknown types', MINUTE_MS, () => this.#tellUnknown()),
      chore('extending the history', MINUTE_MS, () => extendHistory(database)),
      ...(database.exclusive
        ? [chore('vacuuming', MINUTE_MS, () => vacuum(database), performance.now())]
        : []),
    ];
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
    for (const chore of this.#chores) {
      if (performance.now() - chore.doneMs < chore.everyMs) continue;
      chore.doneMs = performance.now();
      await this.#attempt(chore.doing, chore.task);
    }
    const tickMs = await this.#attempt('firing schedules', () => this.#fire());
    const dueMs = await this.#attempt('promoting jobs', () => this.#promote());
    const tokensMs = await this.#attempt('waking jobs', () => this.#answerCalls());
    return Math.min(...[tickMs, dueMs, tokensMs].map((ms) => ms ?? Infinity));
  }

  async #rescue(): Promise<void> {
    const { world, actor } = this.#options;
    const { rescued, again } = await rescue(world.database, actor);
    if (rescued > 0) world.onEvent({ event: 'jobs-rescued', rescued, again });
    if (again > 0) this.#options.onReady();
  }

  async #clear(): Promise<void> {
    const { world, actor } = this.#options;
    await cancelOverdue(world.database, actor);
    await dropPassedKeys(world.database);
  }

  async #tellUnknown(): Promise<void> {
    const { world, queues } = this.#options;
    const types = await unknownTypes(world.database, queues, world.types.signatures);
    if (types.length > 0) world.onEvent({ event: 'types-unknown', types });
  }

  async #fire(): Promise<number | null> {
    const { world } = this.#options;
    const { fired, nextMs } = await fireDue(world.database, world.types, world);
    if (fired > 0) {
      world.onEvent({ event: 'ticks-fired', fired });
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
  async #attempt<T>(doing: string, step: () => Promise<T>): Promise<T | null> {
    try {
      return await step();
    } catch (error) {
      this.#options.world.onEvent({ event: 'trouble', doing, error });
      return null;
    }
  }
}
