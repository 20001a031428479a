import { HumdrumError } from '../../errors.ts';
import { PermanentError, PostponedError, RetryAfterError } from './errors.ts';
import type { RetryPolicy } from './job-type.ts';

/** An error as it is stored: verbatim, except for characters that PostgreSQL text cannot hold, and up to 1 MiB. */
export interface ErrorFact {
  class: string;
  message: string;
  stack: string | null;
}

/** How an attempt failed, and whether and when it is retried. */
export interface Failure {
  error: ErrorFact;
  /** No further attempt. */
  permanent: boolean;
  /** When the next attempt is due, in milliseconds from now. Null: by the type's backoff. */
  retryAfterMs: number | null;
  /** Set where the attempt does not count: the job is due again after `retryAfterMs`, with the same number. */
  postponed?: true;
}

const MAX_CHARACTERS = 1_048_576;
const MAX_WAIT_MS = 31_536_000_000;

/** `on`: the job type's own decision for this error. It takes precedence. */
export function failureOf(thrown: unknown, on?: RetryPolicy['on'], attempt = 1): Failure {
  const error = errorFact(thrown);
  if (thrown instanceof PostponedError) {
    return { error, permanent: false, retryAfterMs: wait(thrown.afterMs), postponed: true };
  }
  const decision = thrown instanceof Error ? decide(thrown, on, attempt) : undefined;
  if (decision === 'fail') return { error, permanent: true, retryAfterMs: null };
  if (decision) return { error, permanent: false, retryAfterMs: wait(decision.afterMs) };
  return { error, permanent: isPermanent(thrown), retryAfterMs: requestedWait(thrown) };
}

/** If the policy itself throws, the default applies. */
function decide(
  thrown: Error,
  on: RetryPolicy['on'],
  attempt: number,
): ReturnType<NonNullable<typeof on>> {
  try {
    return on?.(thrown, attempt);
  } catch {
    return undefined;
  }
}

function isPermanent(thrown: unknown): boolean {
  return (
    thrown instanceof PermanentError ||
    (thrown instanceof HumdrumError && ['input-invalid', 'type-unknown'].includes(thrown.code))
  );
}

function requestedWait(thrown: unknown): number | null {
  return thrown instanceof RetryAfterError ? wait(thrown.afterMs) : null;
}

function wait(ms: number): number | null {
  return Number.isFinite(ms) ? Math.min(Math.max(0, Math.ceil(ms)), MAX_WAIT_MS) : null;
}

function errorFact(thrown: unknown): ErrorFact {
  if (!(thrown instanceof Error)) {
    return { class: 'NotAnError', message: asText(thrown), stack: null };
  }
  return {
    class: storable(thrown.name || thrown.constructor.name),
    message: storable(thrown.message),
    stack: thrown.stack === undefined ? null : storable(thrown.stack),
  };
}

function asText(thrown: unknown): string {
  try {
    return storable(
      typeof thrown === 'string' ? thrown : (JSON.stringify(thrown) ?? String(thrown)),
    );
  } catch {
    return 'The thrown value has no text form.';
  }
}

function storable(text: string): string {
  const kept = text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}… (cut)` : text;
  return kept.toWellFormed().replaceAll('\u0000', '\\u0000');
}
