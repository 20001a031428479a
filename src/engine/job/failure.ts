import { isHumdrumError } from '../../errors.ts';
import { type ErrorFact, errorFact, fieldOf, isError } from './error-fact.ts';
import { isPostponedError, isPermanentError, isRetryAfterError } from './errors.ts';
import type { RetryPolicy } from './job-type.ts';

/** How an attempt failed, and whether and when it is retried. */
export interface Failure {
  error: ErrorFact;
  /** No further attempt. */
  permanent: boolean;
  /** When the next attempt is due, in milliseconds from now. Null: by the type's backoff. */
  retryAfterMs: number | null;
  /**
   * Set where the attempt does not count, and the job is due again with the same number: after `retryAfterMs`, or, if that is
   * null, after a time that grows with each. `held`: it has done nothing yet. The others are recorded, as losses.
   */
  postponed?: 'held' | 'database' | 'handler';
  /** The rate limits of the job have no tokens for so long. */
  holdRatesMs?: number;
}

/** The job is given back, and the attempt is not counted: the database failed it, and its transaction never committed. */
export const NOT_COUNTED = { permanent: false, retryAfterMs: null, postponed: 'database' } as const;

const MAX_WAIT_MS = 31_536_000_000;
const PERMANENT_CODES: readonly unknown[] = ['input-invalid', 'type-unknown'];

/** `on`: the job type's own decision for this error. It takes precedence. Never throws, whatever was thrown. */
export function failureOf(thrown: unknown, on?: RetryPolicy['on'], attempt = 1): Failure {
  const error = errorFact(thrown);
  const requestedMs = wait(fieldOf(thrown, 'afterMs'));
  if (isPostponedError(thrown)) {
    return { error, permanent: false, retryAfterMs: requestedMs, postponed: 'held' };
  }
  const decision = on && isError(thrown) ? decide(thrown, on, attempt) : undefined;
  if (decision === 'fail') return { error, permanent: true, retryAfterMs: null };
  if (decision) return { error, permanent: false, retryAfterMs: decision.afterMs };
  return {
    error,
    permanent: isPermanent(thrown),
    ...(isRetryAfterError(thrown) && requestedMs !== null
      ? askedFor(thrown, requestedMs)
      : { retryAfterMs: null }),
  };
}

function askedFor(thrown: unknown, afterMs: number): Omit<Failure, 'error' | 'permanent'> {
  return {
    retryAfterMs: afterMs,
    ...(fieldOf(thrown, 'counted') === false && { postponed: 'handler' }),
    ...(fieldOf(thrown, 'holdRates') === true && { holdRatesMs: afterMs }),
  };
}

/** If the policy itself throws, or returns something else than a decision, the default applies. */
function decide(
  thrown: Error,
  on: NonNullable<RetryPolicy['on']>,
  attempt: number,
): 'fail' | { afterMs: number | null } | undefined {
  try {
    const decision: unknown = on(thrown, attempt);
    if (decision === 'fail') return 'fail';
    if (decision instanceof Promise) decision.catch(() => undefined);
    if (typeof decision !== 'object' || decision === null || !('afterMs' in decision)) {
      return undefined;
    }
    return { afterMs: wait(decision.afterMs) };
  } catch {
    return undefined;
  }
}

function isPermanent(thrown: unknown): boolean {
  return (
    isPermanentError(thrown) ||
    (isHumdrumError(thrown) && PERMANENT_CODES.includes(fieldOf(thrown, 'code')))
  );
}

function wait(ms: unknown): number | null {
  if (typeof ms !== 'number' || !Number.isFinite(ms)) return null;
  return Math.min(Math.max(0, Math.ceil(ms)), MAX_WAIT_MS);
}
