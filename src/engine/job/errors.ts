/** Throw it for what no second try can mend: the job fails at once, whatever attempts it has left. */
export class PermanentError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PermanentError';
  }
}

/** Throw it when the other side has said when to come again: the next attempt is due so much later, exactly. */
export class RetryAfterError extends Error {
  readonly afterMs: number;

  constructor(message: string, options: ErrorOptions & { afterMs: number }) {
    super(message, options);
    this.name = 'RetryAfterError';
    this.afterMs = options.afterMs;
  }
}
