import type { Hold } from '../job/hold.ts';
import type { Listener } from '../ports/events.ts';

/** Emits an event when a database is held, and when it no longer is: once for each change. */
export class HoldWatch {
  readonly #onEvent: Listener;
  #held = false;

  constructor(onEvent: Listener) {
    this.#onEvent = onEvent;
  }

  observe(hold: Hold | null): void {
    const isHeld = hold !== null;
    if (isHeld === this.#held) return;
    this.#held = isHeld;
    this.#onEvent(hold ? { event: 'database-held', hold } : { event: 'database-unheld' });
  }
}
