import { types } from 'node:util';
import { errorMessage } from '../../errors.ts';

/** At most one warning in this time: a listener that fails once fails for most events. */
const WARN_EVERY_MS = 60_000;

/** Listeners to one kind of event. One that throws, or whose promise rejects, disturbs neither the engine nor the others. */
export class Listeners<Event> {
  readonly #nameOf: (event: Event) => string;
  readonly #listeners: Set<(event: Event) => void>;
  #warnedMs = -Infinity;

  /** `nameOf`: the name of an event, for warnings. */
  constructor(
    nameOf: (event: Event) => string,
    listeners: readonly ((event: Event) => void)[] = [],
  ) {
    this.#nameOf = nameOf;
    this.#listeners = new Set(listeners);
  }

  /** Returns a function that removes the listener. */
  add(listener: (event: Event) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  tell(event: Event): void {
    for (const listener of this.#listeners) {
      try {
        const returned: unknown = listener(event);
        if (types.isPromise(returned)) returned.catch((error: unknown) => this.#warn(event, error));
      } catch (error) {
        this.#warn(event, error);
      }
    }
  }

  #warn(event: Event, error: unknown): void {
    const nowMs = performance.now();
    if (nowMs - this.#warnedMs < WARN_EVERY_MS) return;
    this.#warnedMs = nowMs;
    process.emitWarning(
      `A listener of Humdrum failed on the event "${this.#nameOf(event)}": ${errorMessage(error)}`,
      'HumdrumWarning',
    );
  }
}
