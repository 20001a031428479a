/** The calls of its context that a handler has made and that have not ended yet. */
export class PendingCalls {
  #count = 0;

  async track<T>(call: Promise<T>): Promise<T> {
    this.#count += 1;
    try {
      return await call;
    } finally {
      this.#count -= 1;
    }
  }

  /** Throws if the handler returned without awaiting them all: what they do would not be part of the job. */
  expectNone(): void {
    if (this.#count === 0) return;
    const calls = this.#count === 1 ? '1 call' : `${this.#count} calls`;
    throw new Error(
      `The handler returned before ${calls} of its context had ended. Await every call of ctx.db and ctx.enqueue.`,
    );
  }
}
