import type { Database } from '../../database/database.ts';
import { WakeUp } from '../base/wake-up.ts';
import { rollUp } from './roll-up.ts';

/** While much happens, little, and nothing: then it waits until it is rung. */
const BUSY_MS = 1_000;
const CALM_MS = 10_000;
const IDLE_MS = 60_000;
/** So many rows are cheaper read by whoever asks than rolled up by themselves, beside jobs that want to start. */
const FEW_ROWS = 2_000;
/** It rests nine times as long as it worked, so it never takes more than a tenth of one connection. */
const REST_FACTOR = 9;

/**
 * Keeps the statistics up in the background. Each worker has one; of several that look at the same time one does it.
 */
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

  /** There is something to roll up. It is told so far more often than it looks. */
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
      const restMs = await this.#step();
      await this.#wakeUp.wait(restMs * (0.9 + Math.random() * 0.2));
    }
  }

  /** Answers how long to rest. */
  async #step(): Promise<number> {
    const beganMs = performance.now();
    try {
      this.#idle = false;
      const { rows, more } = await rollUp(this.#database);
      this.#idle = rows === 0 && !more;
      if (more) return (performance.now() - beganMs) * REST_FACTOR;
      if (rows === 0) return IDLE_MS;
      return rows < FEW_ROWS ? CALM_MS : BUSY_MS;
    } catch (error) {
      this.#onTrouble(error);
      return IDLE_MS;
    }
  }
}
