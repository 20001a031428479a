import type { AssertionError } from 'node:assert';
import type { Drained, DrainedAttempt } from '../engine/worker/drain.ts';
import type { ErrorFact } from '../engine/job/error-fact.ts';
import { failure } from './expectation.ts';

type Report = Pick<Drained, 'completed' | 'failed' | 'ran'>;

export function addUp(ran: readonly DrainedAttempt[]): Report {
  const completed = ran.filter(({ status }) => status === 'completed').length;
  return { completed, failed: ran.length - completed, ran: [...ran] };
}

const SHOWN = 5;

/** Throws if the last attempt of any job failed. Jobs that failed and then completed are fine. */
export function expectCompleted(ran: readonly DrainedAttempt[]): void {
  const last = new Map(ran.map((attempt) => [attempt.id, attempt]));
  const failed = [...last.values()].filter(({ status }) => status === 'failed');
  const [first] = failed;
  if (!first?.error) return;
  const listed = failed.slice(0, SHOWN).map(({ id, type, attempt, error }) => {
    return `\n  job ${id} ${type}, attempt ${attempt}: ${error?.class}: ${error?.message}`;
  });
  const more = failed.length > SHOWN ? `\n  … and ${failed.length - SHOWN} more` : '';
  const message = `${failed.length} of ${last.size} ${last.size === 1 ? 'job' : 'jobs'} that ran failed:${listed.join('')}${more}\nIf the test expects this, pass { throwOnFailure: false }.`;
  throw withCause(failure(message), first.error);
}

/** A test must not hang on a job that enqueues itself forever. */
export function tooMany(ran: readonly DrainedAttempt[], maxAttempts: number): AssertionError {
  const types = new Set(ran.slice(-100).map(({ type }) => type));
  return failure(
    `drain made ${maxAttempts} attempts and more jobs are ready. The last ones were of ${[...types].join(', ')}: does one enqueue itself forever? If not, raise { maxAttempts }.`,
  );
}

/** Adds the handler's error, with its stack, as the cause. */
function withCause(error: AssertionError, fact: ErrorFact): AssertionError {
  const cause = new Error(fact.message);
  cause.name = fact.class;
  if (fact.stack !== null) cause.stack = fact.stack;
  error.cause = cause;
  return error;
}
