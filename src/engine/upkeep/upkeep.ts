import { WakeUp } from '../base/wake-up.ts';
import { RollUpLoop } from '../statistics/roll-up-loop.ts';
import {
  chores,
  choresAfterWork,
  dueSteps,
  type Chore,
  type Step,
  type UpkeepBy,
} from './due-steps.ts';
import { findDueWork } from './due-work.ts';

const SWEEP_MS = 5_000;
const CHORE_MS = 60_000;
const PATIENCE_MS = 500;
/** However often it is woken, it looks no more often than this. */
const REST_MS = 25;

export interface UpkeepOptions extends UpkeepBy {
  /** Called when jobs are ready that nothing may have announced. */
  onReady(): void;
}

/** What every worker does besides running jobs: it does what is due in the database, for all processes. */
export class Upkeep {
  readonly #options: UpkeepOptions;
  readonly #wakeUp = new WakeUp();
  readonly #chores: (Chore & { doneMs: number })[];
  readonly #rollUp: RollUpLoop;
  #stopped = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: UpkeepOptions) {
    const { database, onEvent } = options.runtime;
    this.#options = options;
    this.#rollUp = new RollUpLoop(database, (error) =>
      onEvent({ event: 'trouble', doing: 'rolling up statistics', error }),
    );
    this.#chores = [
      ...chores(options).map((chore) => ({ ...chore, doneMs: -Infinity })),
      ...choresAfterWork(options).map((chore) => ({ ...chore, doneMs: performance.now() })),
    ];
  }

  start(): void {
    this.#loop = this.#run();
    this.#rollUp.start();
  }

  /** There may be work for later. */
  wake(): void {
    this.#wakeUp.wake();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wakeUp.wake();
    await this.#rollUp.stop();
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const nextMs = await this.#look();
      const jitteredMs = SWEEP_MS * (0.9 + Math.random() * 0.2);
      await this.#wakeUp.wait(Math.min(Math.max(nextMs, REST_MS), jitteredMs));
      if (!this.#stopped) await new Promise((resolve) => setTimeout(resolve, REST_MS));
    }
  }

  /** Returns in how many milliseconds something is known to come due. */
  async #look(): Promise<number> {
    await this.#doChores();
    const { queues, runtime, onReady } = this.#options;
    const { database, types } = runtime;
    const seen = await this.#attempt('looking', () => findDueWork(database, { queues, types }));
    if (!seen) return SWEEP_MS;
    if (seen.ready) onReady();
    if (seen.unrolled) this.#rollUp.wake();
    const steps = dueSteps(seen, this.#options);
    let done = 0;
    for (const step of steps) done += await this.#take(step);
    // A step does a part of what is due. If none did any, another process is at it, or it fails.
    if (steps.length > 0) return done > 0 ? 0 : PATIENCE_MS;
    const { lostMs, tickMs, dueMs, tokensMs } = seen;
    return Math.min(...[lostMs, tickMs, dueMs, tokensMs].map((ms) => ms ?? Infinity));
  }

  async #doChores(): Promise<void> {
    for (const chore of this.#chores) {
      if (performance.now() - chore.doneMs < CHORE_MS) continue;
      chore.doneMs = performance.now();
      await this.#attempt(chore.doing, chore.run);
    }
  }

  async #take({ doing, run }: Step): Promise<number> {
    const result = await this.#attempt(doing, run);
    if (result?.more) void this.#options.runtime.notify('ready');
    return result?.done ?? 0;
  }

  /** A step that fails is reported, and does not keep the others from their turn. */
  async #attempt<T>(doing: string, step: () => Promise<T>): Promise<T | null> {
    try {
      return await step();
    } catch (error) {
      this.#options.runtime.onEvent({ event: 'trouble', doing, error });
      return null;
    }
  }
}
