import { readClock } from '../base/clock.ts';
import { WakeUp } from '../base/wake-up.ts';
import { isScheduled, type ScheduledType } from '../job/job-type.ts';
import type { Runtime } from '../ports/runtime.ts';
import { rehearse } from '../rehearse/rehearse.ts';
import { nextTick } from '../schedule/cron.ts';

const POLL_MS = 5_000;

/** Replaces the worker in a dry run: rehearses each tick of the schedules at its time. Writes nothing, claims no jobs. */
export class DryRun {
  readonly #runtime: Runtime;
  readonly #wakeUp = new WakeUp();
  readonly #next = new Map<ScheduledType, Date>();
  readonly #scheduled: readonly ScheduledType[];
  #seenAt = new Date(0);
  #stopped = false;
  #loop: Promise<void> = Promise.resolve();

  constructor(runtime: Runtime) {
    this.#runtime = runtime;
    this.#scheduled = runtime.types.own().filter(isScheduled);
  }

  async start(): Promise<void> {
    const now = await readClock(this.#runtime.database);
    for (const type of this.#scheduled) this.#setNext(type, now);
    this.#seenAt = now;
    this.#loop = this.#run();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wakeUp.wake();
    await this.#loop;
  }

  #setNext(type: ScheduledType, after: Date): void {
    const tick = nextTick(type.schedule, after);
    if (tick) this.#next.set(type, tick);
    else this.#next.delete(type);
  }

  /** After the database's clock was set back, the next ticks would lie too far in the future. */
  #notice(now: Date): void {
    if (now < this.#seenAt) for (const type of this.#scheduled) this.#setNext(type, now);
    this.#seenAt = now;
  }

  async #run(): Promise<void> {
    const { database, onEvent } = this.#runtime;
    while (!this.#stopped) {
      try {
        const now = await readClock(database);
        this.#notice(now);
        await this.#rehearseDue(now);
        await this.#wakeUp.wait(Math.min(POLL_MS, this.#untilNextMs(now)));
      } catch (error) {
        onEvent({ event: 'trouble', doing: 'rehearsing', error });
        await this.#wakeUp.wait(POLL_MS);
      }
    }
  }

  #untilNextMs(now: Date): number {
    return Math.min(...[...this.#next.values()].map((tick) => tick.getTime() - now.getTime() + 1));
  }

  async #rehearseDue(now: Date): Promise<void> {
    for (const [type, tick] of this.#next) {
      if (tick > now || this.#stopped) continue;
      this.#setNext(type, now);
      const plan = await rehearse(this.#runtime, type, {}, tick);
      this.#runtime.onEvent({ event: 'rehearsed', plan });
    }
  }
}
