import type { JobType } from '../job/job-type.ts';

interface Listener {
  interrupt(reason: Error): void;
}

/** Tells the handlers of a worker to stop. Lighter than an AbortSignal: most handlers never ask for one. */
export class StopSource {
  #reason: Error | null = null;
  readonly #listeners = new Set<Listener>();

  get stopped(): boolean {
    return this.#reason !== null;
  }

  stop(reason: Error): void {
    if (this.#reason) return;
    this.#reason = reason;
    for (const listener of this.#listeners) listener.interrupt(reason);
  }

  /** Interrupts it once this is stopped, at once if it is already. */
  listen(listener: Listener): void {
    if (this.#reason) listener.interrupt(this.#reason);
    this.#listeners.add(listener);
  }

  unlisten(listener: Listener): void {
    this.#listeners.delete(listener);
  }
}

/** What may cut one attempt short: its type's time limit, or its worker. */
export class Interruption {
  #reason: Error | null = null;
  #controller: AbortController | null = null;
  #reject: ((reason: Error) => void) | null = null;
  #timer: NodeJS.Timeout | undefined;
  readonly #graceMs: number;
  readonly #stop: StopSource;

  constructor(type: JobType, stop: StopSource) {
    const { timeoutMs, graceMs } = type;
    this.#graceMs = graceMs;
    this.#stop = stop;
    if (timeoutMs !== null) {
      const passed = (): void => this.interrupt(new TimeoutError(type.type, timeoutMs));
      this.#timer = setTimeout(passed, timeoutMs);
    }
    stop.listen(this);
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  /**
   * What the handler comes to, or the interruption, if that is first. The handler may still end in its grace: its place is
   * not given away before, and no retry runs beside it.
   */
  race<T>(handler: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#reject = reject;
      handler.then(
        (result) => (this.#reason ? reject(this.#reason) : resolve(result)),
        (error: unknown) => reject(this.#reason ?? (error as Error)),
      );
      if (this.#reason) this.#startGrace(this.#reason);
    });
  }

  over(): void {
    clearTimeout(this.#timer);
    this.#stop.unlisten(this);
  }

  interrupt(reason: Error): void {
    if (this.#reason) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
    if (this.#reject) this.#startGrace(reason);
  }

  #startGrace(reason: Error): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#reject?.(reason), this.#graceMs);
  }
}

class TimeoutError extends Error {
  constructor(type: string, timeoutMs: number) {
    super(`${type} took longer than its limit of ${timeoutMs} ms`);
    this.name = 'Timeout';
  }
}
