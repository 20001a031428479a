import { branded } from '../../errors.ts';

/** Throw it if a retry cannot help: the job fails at once, even if it has attempts left. */
export class PermanentError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'PermanentError';
  }
}

/**
 * Thrown by the engine's own handlers only. The job is given back and due again in `afterMs`. It is no failed attempt, and
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

/** Throw it if you know when to retry, for example from a Retry-After header: the next attempt is due after exactly `afterMs`. */
export class RetryAfterError extends Error {
  readonly afterMs: number;

  constructor(message: string, options: ErrorOptions & { afterMs: number }) {
    super(message, options);
    this.name = 'RetryAfterError';
    this.afterMs = options.afterMs;
  }
}

export const isPermanentError = branded(PermanentError, 'permanent-error');
export const isPostponedError = branded(PostponedError, 'postponed-error');
export const isRetryAfterError = branded(RetryAfterError, 'retry-after-error');
