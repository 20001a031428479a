/** Throw it for what no second try can mend: the job fails at once, whatever attempts it has left. */
export class PermanentError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PermanentError';
  }
}

/**
 * Thrown by the engine's own handlers only. The job goes back and is due again in `afterMs`; this is no failed attempt, and
 * costs none.
 */
export class PostponedError extends Error {
  readonly afterMs: number;

  constructor(message: string, options: ErrorOptions & { afterMs: number }) {
    super(message, options);
    this.name = 'PostponedError';
    this.afterMs = options.afterMs;
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
