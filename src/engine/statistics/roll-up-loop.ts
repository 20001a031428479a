import type { Database } from '../../database/database.ts';
import { WakeUp } from '../base/wake-up.ts';
import { rollUp } from './roll-up.ts';

/** Intervals after a roll-up of many rows, of few, and of none. `wake` ends the last one early. */
const BUSY_MS = 1_000;
const CALM_MS = 10_000;
const IDLE_MS = 60_000;
/** Reading this many rows on each query is cheaper than rolling them up often, beside jobs that want to start. */
const FEW_ROWS = 2_000;
/** It waits nine times as long as it worked, so it uses at most a tenth of one connection. */
const WAIT_FACTOR = 9;

/** Rolls up the statistics in the background. Each worker runs one; a lock lets one of them roll up at a time. */
export class RollUpLoop {
  readonly #database: Database;
  readonly #onTrouble: (error: unknown) => void;
  readonly #wakeUp = new WakeUp();
  #stopped = false;
  #idle = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(database: Database, onTrouble: (error: unknown) => void) {
    this.#database = database;
    this.#onTrouble = onTrouble;
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** Called when there is something to roll up. Ignored unless idle: it is called far more often than needed. */
  wake(): void {
    if (this.#idle) this.#wakeUp.wake();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wakeUp.wake();
    await this.#loop;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const waitMs = await this.#step();
      await this.#wakeUp.wait(waitMs * (0.9 + Math.random() * 0.2));
    }
  }

  /** Returns how long to wait. */
  async #step(): Promise<number> {
    const startMs = performance.now();
    try {
      this.#idle = false;
      const { rows, more } = await rollUp(this.#database);
      this.#idle = rows === 0 && !more;
      if (more) return (performance.now() - startMs) * WAIT_FACTOR;
      if (rows === 0) return IDLE_MS;
      return rows < FEW_ROWS ? CALM_MS : BUSY_MS;
    } catch (error) {
      this.#onTrouble(error);
      return IDLE_MS;
    }
  }
}
