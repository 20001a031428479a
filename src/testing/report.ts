import type { AssertionError } from 'node:assert';
import type { Drained, DrainedAttempt } from '../engine/worker/drain.ts';
import type { ErrorFact } from '../engine/job/failure.ts';
import { failure } from './expectation.ts';

type Report = Pick<Drained, 'completed' | 'failed' | 'ran'>;

export function addUp(ran: readonly DrainedAttempt[]): Report {
  const completed = ran.filter(({ status }) => status === 'completed').length;
  return { completed, failed: ran.length - completed, ran: [...ran] };
}

const SHOWN = 5;

/** Throws for jobs whose last attempt failed. One that failed and then completed is as good as any other. */
export function expectCompleted(ran: readonly DrainedAttempt[]): void {
  const last = new Map(ran.map((attempt) => [attempt.id, attempt]));
  const failed = [...last.values()].filter(({ status }) => status === 'failed');
  const [first] = failed;
  if (!first?.error) return;
  const listed = failed.slice(0, SHOWN).map(({ id, type, attempt, error }) => {
    return `\n  job ${id} ${type}, attempt ${attempt}: ${error?.class}: ${error?.message}`;
  });
  const more = failed.length > SHOWN ? `\n  … and ${failed.length - SHOWN} more` : '';
  const message = `${failed.length} of ${last.size} jobs that ran failed:${listed.join('')}${more}\nWhere a test expects that, say { throwOnFailure: false }.`;
  throw withCause(failure(message), first.error);
}

/** A job that enqueues itself for ever is a bug that a test must not wait for. */
export function tooMany(ran: readonly DrainedAttempt[], maxAttempts: number): AssertionError {
  const types = new Set(ran.slice(-100).map(({ type }) => type));
  return failure(
    `drain has made ${maxAttempts} attempts, and more jobs may start. The last were of ${[...types].join(', ')}: does one enqueue itself for ever? If not, say { maxAttempts }.`,
  );
}

/** The handler's own error, with its stack, below the message. */
function withCause(error: AssertionError, fact: ErrorFact): AssertionError {
  const cause = new Error(fact.message);
  cause.name = fact.class;
  if (fact.stack !== null) cause.stack = fact.stack;
  error.cause = cause;
  return error;
}
