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

export interface RetryAfterOptions extends ErrorOptions {
  /** Milliseconds until the next attempt, at most a year. */
  afterMs: number;
  /** False: this attempt is not counted, at most 1,000 times for a job. Default: true. */
  counted?: boolean;
  /** True: until then, the rate limits of the job let no other job start either. Default: false. */
  holdRates?: boolean;
}

/** Throw it if you know when to retry, for example from a Retry-After header: the next attempt is due after exactly `afterMs`. */
export class RetryAfterError extends Error {
  readonly afterMs: number;
  readonly counted: boolean;
  readonly holdRates: boolean;

  constructor(message: string, options: RetryAfterOptions) {
    super(message, options);
    this.name = 'RetryAfterError';
    this.afterMs = options.afterMs;
    this.counted = options.counted ?? true;
    this.holdRates = options.holdRates ?? false;
  }
}

export const isPermanentError = branded(PermanentError, 'permanent-error');
export const isPostponedError = branded(PostponedError, 'postponed-error');
export const isRetryAfterError = branded(RetryAfterError, 'retry-after-error');
