import type { JobType } from './job-type.ts';

/** Tells the handlers of a worker to stop. Lighter than an AbortSignal: most handlers never ask for one. */
export class StopSource {
  #reason: Error | null = null;
  readonly #listeners = new Set<(reason: Error) => void>();

  get stopped(): boolean {
    return this.#reason !== null;
  }

  stop(reason: Error): void {
    if (this.#reason) return;
    this.#reason = reason;
    for (const tell of this.#listeners) tell(reason);
  }

  /** Calls `tell` once it is stopped, at once if it is already. The answer ends that. */
  listen(tell: (reason: Error) => void): () => void {
    if (this.#reason) tell(this.#reason);
    this.#listeners.add(tell);
    return () => this.#listeners.delete(tell);
  }
}

/** What may cut one attempt short: its type's time limit, or its worker. */
export class Interruption {
  #reason: Error | null = null;
  #controller: AbortController | null = null;
  #reject: ((reason: Error) => void) | null = null;
  readonly #timer: NodeJS.Timeout | null;
  readonly #unlisten: () => void;

  constructor(type: JobType, stop: StopSource) {
    const { timeoutMs } = type;
    this.#unlisten = stop.listen((reason) => this.#interrupt(reason));
    this.#timer =
      timeoutMs === null
        ? null
        : setTimeout(() => this.#interrupt(new TimeoutError(type.type, timeoutMs)), timeoutMs);
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#reason) this.#controller.abort(this.#reason);
    return this.#controller.signal;
  }

  /** What the handler comes to, or the interruption, if that is first. */
  async race<T>(handler: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      handler.then(resolve, reject);
      this.#reject = reject;
      if (this.#reason) reject(this.#reason);
    });
  }

  over(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#unlisten();
  }

  #interrupt(reason: Error): void {
    if (this.#reason) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
    this.#reject?.(reason);
  }
}

class TimeoutError extends Error {
  constructor(type: string, timeoutMs: number) {
    super(`${type} took longer than its limit of ${timeoutMs} ms`);
    this.name = 'Timeout';
  }
}
