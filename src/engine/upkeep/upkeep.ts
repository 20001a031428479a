import { WakeUp } from '../base/wake-up.ts';
import { RollUpLoop } from '../statistics/roll-up-loop.ts';
import {
  type Chore,
  chores,
  choresAfterWork,
  dueSteps,
  type Step,
  type UpkeepBy,
} from './due-steps.ts';
import { findDueWork } from './due-work.ts';
import { HoldWatch } from './hold-watch.ts';

const POLL_MS = 5_000;
const CHORE_MS = 60_000;
const RETRY_MS = 500;
/** The shortest wait between two rounds, however often it is woken. */
const MIN_WAIT_MS = 25;

export interface UpkeepOptions extends UpkeepBy {
  /** Called when jobs are ready: they may not have been announced. */
  readonly onReady: () => void;
  /** Called when jobs wait to run alone. */
  readonly onSuspects: () => void;
}

/** The background loop of a worker: does the work that is due in the database, on behalf of all processes. */
export class Upkeep {
  readonly #options: UpkeepOptions;
  readonly #wakeUp = new WakeUp();
  readonly #chores: (Chore & { doneMs: number })[];
  readonly #rollUp: RollUpLoop;
  readonly #holdWatch: HoldWatch;
  #stopped = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: UpkeepOptions) {
    const { database, onEvent } = options.runtime;
    this.#options = options;
    this.#holdWatch = new HoldWatch(onEvent);
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

  /** Called when there may be new work for upkeep. */
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
      const nextMs = await this.#runDue();
      const jitteredMs = POLL_MS * (0.9 + Math.random() * 0.2);
      await this.#wakeUp.wait(Math.min(Math.max(nextMs, MIN_WAIT_MS), jitteredMs));
      if (!this.#stopped) await new Promise((resolve) => setTimeout(resolve, MIN_WAIT_MS));
    }
  }

  /** Returns the milliseconds until the next known work is due. */
  async #runDue(): Promise<number> {
    await this.#doChores();
    const { queues, runtime, lostWorkers, onReady, onSuspects } = this.#options;
    const { database, types } = runtime;
    const due = await this.#attempt('looking', () =>
      findDueWork(database, { queues, types, lostWorkers }),
    );
    if (!due) return POLL_MS;
    this.#holdWatch.observe(due.hold);
    if (due.ready) onReady();
    if (due.suspects) onSuspects();
    if (due.unrolled) this.#rollUp.wake();
    const steps = dueSteps(due, this.#options);
    let done = 0;
    for (const step of steps) done += await this.#runStep(step);
    // Steps are bounded, so there may be more to do. If none made progress, another process holds the rows or they failed.
    if (steps.length > 0) return done > 0 ? 0 : RETRY_MS;
    const { lostMs, tickMs, dueMs, tokensMs } = due;
    return Math.min(...[lostMs, tickMs, dueMs, tokensMs].map((ms) => ms ?? Infinity));
  }

  async #doChores(): Promise<void> {
    for (const chore of this.#chores) {
      if (performance.now() - chore.doneMs < (chore.everyMs ?? CHORE_MS)) continue;
      chore.doneMs = performance.now();
      await this.#attempt(chore.doing, chore.run);
    }
  }

  async #runStep({ doing, run }: Step): Promise<number> {
    const result = await this.#attempt(doing, run);
    if (result?.more) void this.#options.runtime.notify('ready');
    return result?.done ?? 0;
  }

  /** Reports a failure instead of throwing it, so that the other steps still run. */
  async #attempt<T>(doing: string, step: () => Promise<T>): Promise<T | null> {
    try {
      return await step();
    } catch (error) {
      this.#options.runtime.onEvent({ event: 'trouble', doing, error });
      return null;
    }
  }
}
