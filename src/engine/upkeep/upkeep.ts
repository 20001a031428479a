import { WakeUp } from '../base/wake-up.ts';
import { cancelOverdue } from '../transitions/cancel.ts';
import { findDueWork, isDue, type DueWork } from './due-work.ts';
import { promote } from '../transitions/promote.ts';
import { rescue } from '../transitions/rescue.ts';
import { extendHistory } from './retention.ts';
import { RollUpLoop } from '../statistics/roll-up-loop.ts';
import { fireDue } from '../schedule/fire.ts';
import { dropPassedKeys } from './expired-keys.ts';
import { unknownTypes } from './unknown-types.ts';
import { vacuum } from './vacuum.ts';
import { wakeWaiting } from '../transitions/wake.ts';
import type { Runtime } from '../ports/runtime.ts';

const SWEEP_MS = 5_000;
const CHORE_MS = 60_000;
const PATIENCE_MS = 500;
/** However often it is rung, it looks no more often than this. */
const REST_MS = 25;

export interface UpkeepOptions {
  runtime: Runtime;
  actor: string;
  queues: readonly string[];
  /** Called when jobs are ready that nothing may have announced. */
  onReady(): void;
}

/** Something that is done once a minute, however often upkeep looks. */
interface Chore {
  doing: string;
  task: () => Promise<void>;
  doneMs: number;
}

/** What every worker does beside running jobs: fires schedules, promotes what has come due, rescues what others have lost. */
export class Upkeep {
  readonly #options: UpkeepOptions;
  readonly #wakeUp = new WakeUp();
  readonly #chores: Chore[];
  readonly #rollUp: RollUpLoop;
  #stopped = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(options: UpkeepOptions) {
    this.#options = options;
    const { database } = options.runtime;
    const chore = (doing: string, task: () => Promise<void>, doneMs = -Infinity): Chore => ({
      doing,
      task,
      doneMs,
    });
    this.#rollUp = new RollUpLoop(database, (error) =>
      options.runtime.onEvent({ event: 'trouble', doing: 'rolling up statistics', error }),
    );
    this.#chores = [
      chore('looking for unknown types', () => this.#tellUnknown()),
      chore('extending the history', () => extendHistory(database)),
      ...(database.exclusive
        ? [chore('vacuuming', () => vacuum(database), performance.now())]
        : []),
    ];
  }

  start(): void {
    this.#loop = this.#run();
    this.#rollUp.start();
  }

  /** Something may have been put down for later. */
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

  /** Answers in how many milliseconds something is known to come due. */
  async #look(): Promise<number> {
    for (const chore of this.#chores) {
      if (performance.now() - chore.doneMs < CHORE_MS) continue;
      chore.doneMs = performance.now();
      await this.#attempt(chore.doing, chore.task);
    }
    const { queues, runtime } = this.#options;
    const { database, types } = runtime;
    const seen = await this.#attempt('looking', () => findDueWork(database, { queues, types }));
    if (!seen) return SWEEP_MS;
    if (seen.ready) this.#options.onReady();
    if (seen.unrolled) this.#rollUp.wake();
    const due = this.#due(seen);
    let done = 0;
    for (const [doing, step] of due) done += (await this.#attempt(doing, step)) ?? 0;
    // A step does a part of what is due. Where none did any, another process is at it, or it fails.
    if (due.length > 0) return done > 0 ? 0 : PATIENCE_MS;
    const { lostMs, tickMs, dueMs, tokensMs } = seen;
    return Math.min(...[lostMs, tickMs, dueMs, tokensMs].map((ms) => ms ?? Infinity));
  }

  #due(seen: DueWork): [doing: string, step: () => Promise<number>][] {
    const { actor, runtime } = this.#options;
    const { database } = runtime;
    const steps: [boolean, string, () => Promise<number>][] = [
      [isDue(seen.lostMs), 'rescuing', () => this.#rescue()],
      [seen.overdue, 'cancelling', () => cancelOverdue(database, actor)],
      [seen.passedKeys, 'clearing', () => dropPassedKeys(database)],
      [isDue(seen.tickMs), 'firing schedules', () => this.#fire()],
      [isDue(seen.dueMs), 'promoting jobs', () => this.#promote()],
      [seen.calls || isDue(seen.tokensMs), 'waking jobs', () => this.#wakeWaiting()],
    ];
    return steps.flatMap(([wanted, doing, step]) => (wanted ? [[doing, step]] : []));
  }

  async #rescue(): Promise<number> {
    const { runtime, actor } = this.#options;
    const { rescued, again } = await rescue(runtime.database, actor);
    if (rescued > 0) runtime.onEvent({ event: 'jobs-rescued', rescued, again });
    if (again > 0) void runtime.notify('ready');
    return rescued;
  }

  async #tellUnknown(): Promise<void> {
    const { runtime, queues } = this.#options;
    const types = await unknownTypes(runtime.database, queues, runtime.types.known);
    if (types.length > 0) runtime.onEvent({ event: 'types-unknown', types });
  }

  /** A tick that is skipped makes no job, and is done with too. */
  async #fire(): Promise<number> {
    const { runtime } = this.#options;
    const { fired } = await fireDue(runtime.database, runtime.types, runtime);
    if (fired > 0) runtime.onEvent({ event: 'ticks-fired', fired });
    if (fired > 0) void runtime.notify('ready');
    return 1;
  }

  async #promote(): Promise<number> {
    const { runtime } = this.#options;
    const { promoted } = await promote(runtime.database);
    if (promoted > 0) void runtime.notify('ready');
    return promoted;
  }

  async #wakeWaiting(): Promise<number> {
    const { runtime } = this.#options;
    const { woken } = await wakeWaiting(runtime.database);
    if (woken > 0) void runtime.notify('ready');
    return woken;
  }

  /** What fails is told, and does not keep the others from their turn. */
  async #attempt<T>(doing: string, step: () => Promise<T>): Promise<T | null> {
    try {
      return await step();
    } catch (error) {
      this.#options.runtime.onEvent({ event: 'trouble', doing, error });
      return null;
    }
  }
}
