import type { JobType } from '../job/job-type.ts';

interface Listener {
  interrupt(reason: Error): unknown;
}

/** Stops the handlers of a worker. Lighter than an AbortSignal: most handlers never use one. */
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

  /** Interrupts the listener when this is stopped: at once if it already is. */
  listen(listener: Listener): void {
    if (this.#reason) listener.interrupt(this.#reason);
    this.#listeners.add(listener);
  }

  unlisten(listener: Listener): void {
    this.#listeners.delete(listener);
  }
}

/** Cuts an attempt short: at its type's timeout, or when its worker stops. */
export class Interruption {
  #reason: Error | null = null;
  #over = false;
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
      const onTimeout = (): unknown => this.interrupt(new TimeoutError(type.type, timeoutMs));
      this.#timer = setTimeout(onTimeout, timeoutMs);
    }
    stop.listen(this);
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  /**
   * Settles like the handler, but rejects with the reason once interrupted. After an interruption the handler has `graceMs`
   * to end. Only then does the promise reject: its slot stays taken, so no retry runs beside it.
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

  end(): void {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#stop.unlisten(this);
  }

  /** Returns false if the attempt has ended already. */
  interrupt(reason: Error): boolean {
    if (this.#over) return false;
    if (this.#reason) return true;
    this.#reason = reason;
    this.#controller?.abort(reason);
    if (this.#reject) this.#startGrace(reason);
    return true;
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
