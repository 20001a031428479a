/** Lets a loop wait until it is woken. If it is woken while not waiting, the next wait returns at once. */
export class WakeUp {
  #pending = false;
  #end: (() => void) | null = null;

  wake(): void {
    if (this.#end) this.#end();
    else this.#pending = true;
  }

  /** Resolves when woken, or after `ms`. */
  async wait(ms: number): Promise<void> {
    if (this.#pending) {
      this.#pending = false;
      return;
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => this.#end?.(), ms);
      this.#end = () => {
        clearTimeout(timer);
        this.#end = null;
        resolve();
      };
    });
  }
}
